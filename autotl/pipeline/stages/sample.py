"""Decide how many training and test images the time allows."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.analysis.sampling import Sample, Sampler
from autotl.api import OwnNetworks
from autotl.pipeline.stages.backbones import OpenedBackbones
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.split import SplitImages
from autotl.preparation.additional.roles import searched
from autotl.preparation.record import SampleRecord


@dataclass(frozen=True, slots=True)
class SampledImages:
    """The sampled images, and the sampler that can draw fewer."""

    sample: Sample
    sampler: Sampler


def subsample(
    context: Context, images: SplitImages, opened: OpenedBackbones, recorded: SampleRecord | None
) -> SampledImages:
    """Draw as many images as the time allows.

    A resumed run draws the images of its earlier start.

    Args:
        context: The options, plugins and services.
        images: The images with their split.
        opened: The backbones.
        recorded: The decision of an earlier start of the run.
    """
    strategies = searched(context.plugins.strategies)
    # networks that baselines bring are small, so a pass of them costs almost nothing
    transferring = sum(not isinstance(each, OwnNetworks) for each in strategies.values()) or len(strategies)
    sampler = Sampler(context.settings, images.dataset, images.splits, context.services.store, transferring)
    sample = sampler.draw(opened.backbones, recorded or SampleRecord(context.left()))
    context.services.say(*sample.notes)
    return SampledImages(sample, sampler)
