"""Split the images into parts and folds that keep groups together."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autotl.api import Dataset, Splits
from autotl.data import Quality, labels_by_part, quality, split, summarise_data, with_number_scales
from autotl.metrics import check_defined
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.load import LoadedImages
from autotl.preparation.image_groups import first_groups
from autotl.preparation.record import SplitRecord
from autotl.progress.timeline import spent_on
from autotl.quality import Groups
from autotl.targets import target_of


@dataclass(frozen=True, slots=True)
class SplitImages:
    """The images with their split.

    Attributes:
        dataset: The images, with the groups that were found before the split. If the targets are numbers, it
            has their means and standard deviations on the training images.
        splits: The split of all images.
        evidence: The evidence for the groups.
        quality: The data issues that need no network.
        record: The decision.
    """

    dataset: Dataset
    splits: Splits
    evidence: Groups
    quality: Quality
    record: SplitRecord


@spent_on("split")
def split_images(context: Context, loaded: LoadedImages, recorded: SplitRecord | None) -> SplitImages:
    """Find groups of images, and split the images without dividing groups.

    Args:
        context: The options, plugins and services.
        loaded: The images.
        recorded: The groups and the split of an earlier start of the run.

    Raises:
        MetricError: The metric is undefined on a part.
        RunError: The split has changed since the earlier start.
    """
    settings = context.settings
    known = None if recorded is None else recorded.grouping
    dataset, grouping, evidence = first_groups(settings, loaded.dataset, known, end=context.end)
    splits = split(dataset, seed=settings.seed, test=settings.data.test)
    dataset = _scaled(dataset, splits, recorded)
    for text in summarise_data(dataset, splits):
        context.services.watch.say(text)  # it has the noun, and names of classes
    if recorded is not None:
        recorded.check(splits)
    metric, target = settings.for_target(dataset.target).metric, dataset.target
    check_defined(metric, labels_by_part(dataset, splits), target_of(target))
    record = SplitRecord(splits.hash, grouping, target.means, target.scales)
    return SplitImages(dataset, splits, evidence, quality(dataset, splits), record)


def _scaled(dataset: Dataset, splits: Splits, recorded: SplitRecord | None) -> Dataset:
    """Return the images with the means and scales of their numbers; those of an earlier start stay."""
    if recorded is None or not recorded.scales:
        return with_number_scales(dataset, splits.train)
    target = replace(dataset.target, means=recorded.means, scales=recorded.scales)
    return replace(dataset, target=target)
