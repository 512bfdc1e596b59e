"""Open the backbones, and remove backbones beyond the limits of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autotl.api import Backbone, BackboneSource, Weights
from autotl.backbone import find
from autotl.config.options import AUTO
from autotl.config.run_settings import RunSettings
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.split import SplitImages
from autotl.preparation.model_limits import WithinLimits, filter_by_limits
from autotl.preparation.open_backbones import choose_backbones, describe_backbones
from autotl.preparation.record import BackbonesRecord, backbone_record
from autotl.preparation.vocabulary import vocabulary_notes
from autotl.progress import report_progress
from autotl.progress.timeline import spent_on


@dataclass(frozen=True, slots=True)
class OpenedBackbones:
    """The backbones within the limits.

    Attributes:
        backbones: The backbones by name.
        opened_as: The name or folder that opens each one.
        aside: The reasons against backbones that exceed the limits.
        notes: Sentences for the report.
    """

    backbones: Mapping[str, Backbone]
    opened_as: Mapping[str, str]
    aside: Mapping[str, str]
    notes: tuple[str, ...]

    def record(self, *facts: Mapping[str, Backbone]) -> BackbonesRecord:
        """Record the backbones with their facts; later mappings override."""
        known = {name: each for mapping in facts for name, each in mapping.items()}
        return BackbonesRecord(
            {name: backbone_record(self.opened_as[name], each) for name, each in known.items()}, self.notes
        )


@dataclass(frozen=True, slots=True)
class NamedBackbones:
    """The backbones that the user named; empty if autotl chooses."""

    names: Sequence[str] = ()
    weights: Sequence[Weights] = ()


@spent_on("load_networks")
def find_named(settings: RunSettings, sources: Mapping[str, BackboneSource]) -> NamedBackbones:
    """Find the backbones that the user named, before any image is read.

    Raises:
        UnknownName: No source has a backbone of that name.
        WeightsError: The weights cannot be opened.
    """
    if settings.model.backbone == AUTO:
        return NamedBackbones()
    names = list(dict.fromkeys(settings.model.backbone))
    return NamedBackbones(names, [find(name, sources) for name in names])


@spent_on("load_networks")
def open_backbones(
    context: Context, named: NamedBackbones, images: SplitImages, recorded: BackbonesRecord | None
) -> OpenedBackbones:
    """Open the named backbones, or choose some, and apply the limits.

    Their speed is measured on this machine.

    Args:
        context: The options, plugins and services.
        named: The backbones that the user named.
        images: The images with their split.
        recorded: The backbones of an earlier start of the run, with their measured facts.

    Raises:
        LimitError: No backbone is within the limits.
        RunError: The weights have changed since the earlier start.
    """
    settings, dataset, splits = context.settings, images.dataset, images.splits
    report_progress("choosing backbones")
    weights, notes = list(named.weights), list[str]()
    if not weights:
        weights, notes = choose_backbones(settings, context.plugins.sources, dataset, splits, context.end)
    opened = describe_backbones(settings, weights, dataset, splits, context.end)
    opened_as = dict(zip(opened, named.names or opened, strict=True))
    if recorded is None:
        within = filter_by_limits(
            settings.limits,
            opened,
            classes=len(dataset.classes),
            device=settings.device,
            clock=context.services.clock,
        )
        known_words = vocabulary_notes(within.backbones.values(), dataset, splits)
        within_notes = (*notes, *within.notes, *known_words)
    else:
        known = {name: recorded.backbones[name].restored(facts) for name, facts in opened.items()}
        within, within_notes = WithinLimits(known, {}), recorded.notes
    context.services.say(*within_notes)
    return OpenedBackbones(within.backbones, opened_as, within.aside, within_notes)
