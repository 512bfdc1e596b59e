"""Compute the features, complete the groups, and rank the backbones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.backbone_ranking import Ranking
from autotl.analysis.first_pass import first_pass
from autotl.analysis.profile import rank_backbones
from autotl.analysis.sampling import Sample
from autotl.api import Backbone
from autotl.clock import Deadline
from autotl.pipeline.stages.backbones import OpenedBackbones
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.sample import SampledImages
from autotl.pipeline.stages.split import SplitImages
from autotl.preparation.extra_images import left_out
from autotl.preparation.group_record import GroupSummary, summarize_groups
from autotl.preparation.image_groups import last_groups
from autotl.preparation.record import RankingRecord, SplitRecord
from autotl.progress.timeline import spent_on


@dataclass(frozen=True, slots=True)
class RankedBackbones:
    """The images with known features, and the ranking of the backbones.

    Attributes:
        sample: The images, in folds that keep all groups together.
        splitting: The split, with the groups that features show.
        groups: The groups for the report; None if none were searched for.
        ranking: The ranking.
        left_out: Training rows that were left out for lack of time and may be learned from.
        notes: Sentences for the report.
    """

    sample: Sample
    splitting: SplitRecord
    groups: GroupSummary | None
    ranking: Ranking
    left_out: NDArray[np.int64]
    notes: tuple[str, ...]

    @property
    def kept(self) -> dict[str, Backbone]:
        """The backbones to search, by name."""
        return {
            name: facts for name, facts in self.sample.backbones.items() if name not in self.ranking.aside
        }

    @property
    def record(self) -> RankingRecord:
        """The decision."""
        return RankingRecord(self.ranking.order, self.ranking.aside)


@spent_on("scores")
def rank(
    context: Context,
    images: SplitImages,
    opened: OpenedBackbones,
    sampled: SampledImages,
    recorded: RankingRecord | None,
) -> RankedBackbones:
    """Compute the features, keep groups together, and score the backbones.

    Args:
        context: The options, plugins and services.
        images: The images with their split.
        opened: The backbones, with the reasons against some.
        sampled: The images to learn from; fewer are drawn if the features take too long.
        recorded: The ranking of an earlier start of the run.
    """
    settings, services, measures = context.settings, context.services, context.plugins.transferabilities
    end = context.end if recorded is None else Deadline(services.clock)
    sample = sampled.sample
    if measures:
        sample, end = first_pass(sampled.sampler, sample, services.say, end=end)
    run_cache, grouping = last_groups(
        settings, sample.run_cache, images.record.grouping, images.evidence, end=end
    )
    sample = replace(sample, splits=run_cache.splits, run_cache=run_cache)
    scored = rank_backbones(settings, run_cache, measures, end=end)
    groups = summarize_groups(run_cache.dataset, images.splits, grouping)
    notes = (*grouping.notes, *(groups.notes if groups else ()))
    services.say(*notes)
    ranking = _decided(scored, opened.aside, recorded)
    if len(sample.backbones) > 1:
        services.say(ranking.sentence)
    return RankedBackbones(
        sample,
        replace(images.record, grouping=grouping),
        groups,
        ranking,
        left_out(images.dataset, images.splits, sample.splits, settings),
        (*sample.notes, *notes),
    )


def _decided(ranking: Ranking, beyond: Mapping[str, str], recorded: RankingRecord | None) -> Ranking:
    """Return the ranking within the limits, or the recorded ranking."""
    if recorded is None:
        return replace(ranking, aside={**ranking.aside, **beyond})
    kept = tuple(name for name in recorded.order if name not in recorded.aside)
    return replace(ranking, order=recorded.order, kept=kept, aside=recorded.aside)
