"""Record the measured decisions of a preparation, which a resumed run keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.api import Backbone, Dataset, Pace, Splits, Task, Weights
from autotl.config.run_settings import RunSettings
from autotl.errors import RunError
from autotl.preparation.additional.record import AdditionalRecord
from autotl.preparation.data_changes import changed, digests
from autotl.preparation.group_record import GroupRecord

LEAST_ROWS = 500
"""The least training images, however short the time."""


@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """The images that were read.

    Attributes:
        images: How many.
        classes: Their classes.
        digest: The digest of the images and labels.
        read: How many images were read, if not all were; else None.
    """

    images: int
    classes: tuple[str, ...]
    digest: str
    read: int | None = None

    def check(self, dataset: Dataset) -> None:
        """Raise RunError if the data has changed."""
        if dataset.digest == self.digest:
            return
        changes = [f"it had {self.images} images and has {len(dataset)}"] * (self.images != len(dataset))
        changes += [f"the class {name} is gone" for name in sorted({*self.classes} - {*dataset.classes})]
        changes += [f"the class {name} is new" for name in sorted({*dataset.classes} - {*self.classes})]
        change = "; ".join(changes) or "their number is the same, but some have other pixels, names or labels"
        raise changed(f"its images differ: {change} ({digests(self.digest, dataset.digest)})")


@dataclass(frozen=True, slots=True)
class SplitRecord:
    """The split of all images, before any are left out.

    Attributes:
        first_split: The hash of the split.
        grouping: The groups of images that stay in one fold.
        means: The mean of each number over the training images; () without numbers.
        scales: The standard deviation of each.
    """

    first_split: str
    grouping: GroupRecord = field(default_factory=GroupRecord)
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    def check(self, splits: Splits) -> None:
        """Raise RunError if the split has changed."""
        if splits.hash != self.first_split:
            raise changed(
                "the same images are split differently, by groups or by custom parts "
                f"({digests(self.first_split, splits.hash)})"
            )


@dataclass(frozen=True, slots=True)
class BackboneRecord:
    """A backbone with its measured facts.

    Attributes:
        opened_as: The name or the absolute folder that opens it.
        digest: The digest of its weights.
        input_sizes: The image sizes to search, in pixels.
        input_size: The recommended one.
        pace: Its measured speed.
        kept: The depths, as fractions of its arithmetic, whose activations are kept.
    """

    opened_as: str
    digest: str
    input_sizes: tuple[int, ...]
    input_size: int
    pace: Pace
    kept: tuple[float, ...]

    def restored(self, facts: Backbone) -> Backbone:
        """Return the backbone with the recorded facts. Raises RunError."""
        if self.digest != facts.digest:
            raise changed(f"the weights of {facts.name} differ ({digests(self.digest, facts.digest)})")
        return replace(
            facts, input_sizes=self.input_sizes, input_size=self.input_size, pace=self.pace, kept=self.kept
        )


@dataclass(frozen=True, slots=True)
class BackbonesRecord:
    """The backbones by name, and notes on their choice."""

    backbones: Mapping[str, BackboneRecord]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """The decision on the number of images.

    Attributes:
        left: The seconds that were left at that time; None without a budget.
        least: The least training images, however short the time.
    """

    left: float | None
    least: int = LEAST_ROWS


@dataclass(frozen=True, slots=True)
class RankingRecord:
    """The backbones, best first, and the reasons against some."""

    order: tuple[str, ...]
    aside: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BaselineNetworkRecord:
    """The network that a baseline brings, with its measured facts."""

    weights: Weights
    backbone: BackboneRecord


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """The decisions on trials.

    Attributes:
        trial_seconds: The seconds for one trial; None without a budget.
        trial_folds: The folds of one trial.
        likeness: The calibrated similarities to each backbone's source, by backbone and measure.
        split: The hash of the split of the search.
        baseline_networks: The networks that baselines bring, by strategy.
        extra_images: The training images asked for, for networks that learn from extra images; else None.
        extra_split: The hash of their split.
    """

    trial_seconds: float | None
    trial_folds: int
    likeness: Mapping[str, Mapping[str, float]]
    split: str
    baseline_networks: Mapping[str, BaselineNetworkRecord] = field(default_factory=dict)
    extra_images: int | None = None
    extra_split: str | None = None

    def restored(self, task: Task) -> Task:
        """Return the task with the recorded time per trial and similarities."""
        return replace(task, trial_seconds=self.trial_seconds, folds=self.trial_folds, likeness=self.likeness)

    def check(self, splits: Splits, extra: Splits | None) -> None:
        """Raise RunError if the search would learn from other images.

        Args:
            splits: The split of the search.
            extra: The split of the networks that learn from extra images.
        """
        if extra is not None and self.extra_split not in (None, extra.hash):
            raise changed(f"extra training images differ ({digests(str(self.extra_split), extra.hash)})")
        if splits.hash != self.split:
            raise changed(
                f"other training images are left out ({digests(self.split, splits.hash)}): autotl or a "
                "plugin has changed"
            )


@dataclass(frozen=True, slots=True)
class PreparationRecord:
    """The decisions of all stages.

    In a new run each part is None.

    Attributes:
        seconds: The budget in seconds that the decisions were made for; None without one.
        cache: The bound of the disk space, in bytes.
        reading: The images that were read.
        splitting: The split, and the groups of images.
        opening: The backbones.
        sample: The number of images.
        ranking: The ranking of the backbones.
        plan: The time per trial and the networks of baselines.
        additional: The images besides the labelled ones, by their role.
    """

    seconds: float | None = None
    cache: int | None = None
    reading: ReadingRecord | None = None
    splitting: SplitRecord | None = None
    opening: BackbonesRecord | None = None
    sample: SampleRecord | None = None
    ranking: RankingRecord | None = None
    plan: PlanRecord | None = None
    additional: Mapping[str, AdditionalRecord] = field(default_factory=dict)

    def reopen(self, settings: RunSettings) -> RunSettings:
        """Return the settings with the recorded backbones and budget."""
        if self.opening is None:
            return settings
        names = tuple(each.opened_as for each in self.opening.backbones.values())
        return settings.reopening(names, self.seconds)


NEW_RUN = PreparationRecord()
"""The record of a run without an earlier start: nothing is decided."""
_NEW_NAMES = {"own": "baseline_networks", "wider": "extra_images", "wider_split": "extra_split"}
"""The names in the flat form of version 0.1, with the present names."""
_NEW_NAMES_INSIDE = {"seen": "backbone", "side": "input_size", "sides": "input_sizes"}
"""The names of facts about networks in version 0.1, with the present names."""
_PARTS = ("reading", "splitting", "opening", "sample", "ranking", "plan")


def backbone_record(name: str, facts: Backbone) -> BackboneRecord:
    """Return the record of a backbone.

    Args:
        name: The name that opened it. A folder becomes absolute.
        facts: The backbone.
    """
    opened_as = str(Path(name).resolve()) if Path(name).is_dir() else name
    return BackboneRecord(
        opened_as, facts.digest, facts.input_sizes, facts.input_size, facts.pace, facts.kept
    )


def read_record(document: Mapping[str, Any]) -> PreparationRecord:
    """Read a record from JSON data.

    The data has the present form, or the flat form of version 0.1.

    Raises:
        RunError: The data is something else.
    """
    try:
        found = jsonio.as_type(_nested(document), PreparationRecord)
        for name, each in (found.plan.baseline_networks if found.plan else {}).items():
            _check_random_weights(name, each.weights)
    except ValueError as error:
        raise RunError(
            f"The decisions of the run cannot be read from run.json: {error}. "
            "Was it edited, or written by another version of autotl?"
        ) from error
    return found


def _nested(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the present form of a record.

    The flat form has the fields of all parts side by side.
    """
    document = _renamed(document)
    if "reading" in document or not isinstance(document, Mapping):
        return document
    flat = {_NEW_NAMES.get(name, name): value for name, value in document.items()}
    whole = {each.name for each in fields(PreparationRecord)} - {*_PARTS}
    top = {name: value for name, value in flat.items() if name in whole}
    return {**top, **dict.fromkeys(_PARTS, flat)}


def _renamed(document: Any) -> Any:
    """Return a document whose facts about networks have the present names."""
    if isinstance(document, list):
        return [_renamed(each) for each in document]
    if not isinstance(document, Mapping):
        return document
    renamed = {name: _NEW_NAMES_INSIDE.get(name, name) for name in document if "input_size" not in document}
    return {renamed.get(name, name): _renamed(value) for name, value in document.items()}


def _check_random_weights(name: str, weights: Weights) -> None:
    """Raise ValueError unless a network starts from random weights."""
    pretrained = [arg for arg in weights.args if arg.startswith(("pretrained", "checkpoint"))]
    if weights.pretrained or weights.folder is not None or ":" in weights.timm_name or pretrained:
        raise ValueError(
            f"baseline_networks.{name}.weights: the network of a strategy must start from random weights"
        )
