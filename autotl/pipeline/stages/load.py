"""Read as many images as the time allows."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import Dataset
from autotl.budget.subsampling import reading_note, seconds_to_read
from autotl.data import read
from autotl.errors import UnknownName
from autotl.metrics import check_metric
from autotl.modalities import noun_of
from autotl.pipeline.stages.context import Context
from autotl.preparation.record import ReadingRecord
from autotl.progress.timeline import spent_on
from autotl.targets import target_of


@dataclass(frozen=True, slots=True)
class LoadedImages:
    """The images that were read, with notes for the report."""

    dataset: Dataset
    record: ReadingRecord
    notes: tuple[str, ...]


@spent_on("read")
def load(context: Context, recorded: ReadingRecord | None) -> LoadedImages:
    """Read the images, as many as the time allows.

    A resumed run reads as many as its earlier start.

    Args:
        context: The options, plugins and services.
        recorded: The decision of an earlier start of the run.

    Raises:
        DataError: The data cannot be read.
        MetricError: The metric cannot score these targets.
        RunError: The data has changed since the earlier start.
        UnknownName: The plugin of the data's modality was left out.
    """
    settings, services = context.settings, context.services
    dataset = read(
        settings.data.data,
        readers=context.plugins.readers,
        columns=settings.columns,
        seconds=None if recorded else seconds_to_read(context.left()),
        clock=services.clock,
        most=recorded.read if recorded else None,
        seed=settings.seed,
    )
    if dataset.modality not in context.plugins.modalities:
        raise UnknownName("modality", dataset.modality, context.plugins.modalities)
    check_metric(settings.for_target(dataset.target).metric, target_of(dataset.target))
    notes = tuple(filter(None, (*dataset.notes, reading_note(dataset))))
    services = services.about(noun_of(dataset))
    services.say(*notes)
    if dataset.unreadable:
        services.say(
            f"{len(dataset.unreadable)} images cannot be read and are left out; the report lists them."
        )
    if recorded is not None:
        recorded.check(dataset)
    return LoadedImages(dataset, recorded or _record(dataset), notes)


def _record(dataset: Dataset) -> ReadingRecord:
    read_images = len(dataset) + len(dataset.unreadable) if dataset.left_out else None
    return ReadingRecord(len(dataset), dataset.classes, dataset.digest, read_images)
