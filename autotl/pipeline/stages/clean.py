"""Find data issues, and leave out or weight their images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.analysis.data_issues import DataIssues
from autotl.analysis.more_images import LearningCurve
from autotl.analysis.profile import find_data_issues, measure_learning_curve
from autotl.api import Backbone, Dataset, Splits
from autotl.data import LockedTest, without_rows
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.rank import RankedBackbones
from autotl.preparation.record import BackbonesRecord
from autotl.progress.timeline import spent_on
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import with_cached_stages


@dataclass(frozen=True, slots=True)
class CleanedImages:
    """The images of the search.

    Attributes:
        dataset: All images, with the groups.
        splits: The split of the images to learn from.
        locked: The test part.
        issues: The data issues.
        backbones: The backbones to search, each with the depths whose activations are kept.
        run_cache: The images, features and networks.
    """

    dataset: Dataset
    splits: Splits
    locked: LockedTest
    issues: DataIssues
    backbones: Mapping[str, Backbone]
    run_cache: RunCache


@spent_on("data_issues")
def clean(context: Context, ranked: RankedBackbones, recorded: BackbonesRecord | None) -> CleanedImages:
    """Find data issues, and treat the images as the options say.

    Args:
        context: The options, plugins and services.
        ranked: The images with known features, and the ranking.
        recorded: The backbones of an earlier start of the run, whose kept activations stay.
    """
    settings, before = context.settings, ranked.sample.run_cache
    locked = LockedTest(ranked.sample.splits.test)
    issues = find_data_issues(settings, before, ranked.ranking, locked, end=context.end)
    dataset, backbones = before.dataset, ranked.kept
    splits = without_rows(dataset, ranked.sample.splits, issues.drop)
    run_cache = RunCache(
        dataset,
        splits,
        backbones,
        context.services.store,
        device=settings.device,
        processes=settings.compute.processes,
        weights=issues.weights,
        previous=before,
    ).with_head_kinds(context.plugins.heads)
    if recorded is None and settings.budget.seconds is not None:
        backbones = with_cached_stages(run_cache, backbones, reuse=settings.keeps_activations)
        run_cache = run_cache.with_backbones(backbones)
    context.services.say(*filter(None, [issues.cleaned.sentence]))
    return CleanedImages(dataset, splits, locked, issues, backbones, run_cache)


@spent_on("learning_curve")
def learning_curve(context: Context, ranked: RankedBackbones, cleaned: CleanedImages) -> LearningCurve | None:
    """Measure the learning curve of a probe, if there is time.

    Args:
        context: The options, plugins and services.
        ranked: The ranking of the backbones.
        cleaned: The images of the search.
    """
    if context.is_late():
        return None
    best = ranked.ranking.order[0]
    return measure_learning_curve(context.settings, cleaned.run_cache, best, end=context.end)
