"""Measure the similarity of the images to the sources of the backbones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from autotl.analysis.profile import Similarities, measure_similarities
from autotl.data.additional.source_inputs import source_openers
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.sample import SampledImages
from autotl.progress.timeline import spent_on


@dataclass(frozen=True, slots=True)
class SourceSimilarity:
    """The similarities by backbone and measure.

    ``source`` are functions that open the user's source images or texts; None without any.
    """

    similarities: Similarities
    source: Sequence[Any] | None
    notes: tuple[str, ...]


@spent_on("similarity")
def compare_with_sources(context: Context, sampled: SampledImages) -> SourceSimilarity:
    """Measure the similarities, unless too little time is left.

    Args:
        context: The options, plugins and services.
        sampled: The images to learn from.
    """
    settings, plugins, dataset = context.settings, context.plugins, sampled.sampler.dataset
    openers: Sequence[Any] | None = None
    source = settings.data.source
    if source is not None:
        openers = source_openers(source, dataset, readers=plugins.readers, columns=settings.columns)
    similarities, notes = measure_similarities(
        settings,
        sampled.sample.run_cache,
        plugins.similarities,
        openers,
        late=context.is_late(),
        end=context.end,
    )
    return SourceSimilarity(similarities, openers, tuple(notes))
