"""What a preparation decided by measured speed and by scores: a resumed run keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.api import Backbone, Dataset, Pace, Splits, Task, Weights
from autotl.errors import RunError
from autotl.preparation.group_record import GroupRecord

LEAST_ROWS = 500
"""Training images to learn from, however short the time."""


@dataclass(frozen=True, slots=True)
class PreparationRecord:
    """``seconds`` is the budget it was decided for; ``first_split`` names the split before rows were left
    out, ``split`` the one that is learned from. ``backbones`` are those that were opened, in order;
    ``own`` are the networks that baselines bring themselves, by strategy.
    ``order`` and ``aside`` are their ranking. ``cache`` is in bytes, and
    ``read`` how many images were read where that was not all; ``left`` are the seconds that were left when
    their number was decided, and ``least`` the images to learn from however short the time. ``grouping`` are
    the groups that were found, and ``wider`` how many training images were asked for, for the networks of the
    baselines' own, if they learn from more; ``wider_split`` names that split.
    """

    seconds: float | None
    trial_seconds: float | None
    trial_folds: int
    cache: int
    read: int | None
    left: float | None
    images: int
    classes: tuple[str, ...]
    digest: str
    first_split: str
    split: str
    backbones: Mapping[str, BackboneRecord]
    order: tuple[str, ...]
    aside: Mapping[str, str]
    likeness: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...]
    least: int = LEAST_ROWS
    own: Mapping[str, BaselineNetworkRecord] = field(default_factory=dict)
    grouping: GroupRecord = field(default_factory=GroupRecord)
    wider: int | None = None
    wider_split: str | None = None

    def check_data(self, dataset: Dataset, splits: Splits) -> None:
        """Raise RunError where the data is not what it was; ``splits`` before rows are left out."""
        if dataset.digest != self.digest:
            told = [f"it had {self.images} images and has {len(dataset)}"] * (self.images != len(dataset))
            gone = sorted(set(self.classes) - set(dataset.classes))
            new = sorted(set(dataset.classes) - set(self.classes))
            told += [f"the class {name} is gone" for name in gone]
            told += [f"the class {name} is new" for name in new]
            what = "; ".join(told) or "as many as before, but some show or are called something else"
            raise _changed(f"its images differ: {what} ({_digests(self.digest, dataset.digest)})")
        if splits.hash != self.first_split:
            raise _changed(
                "the same images are split otherwise, by groups or by parts of your own "
                f"({_digests(self.first_split, splits.hash)})"
            )

    def check_split(self, splits: Splits, wider: Splits | None = None) -> None:
        """The same for the split that is learned from, and for that of the networks that learn from more."""
        if wider is not None and self.wider_split not in (None, wider.hash):
            raise _changed(f"other images are learned from ({_digests(str(self.wider_split), wider.hash)})")
        if splits.hash != self.split:
            raise _changed(
                f"other training images are left out ({_digests(self.split, splits.hash)}): autotl or a "
                "plugin has changed"
            )

    def keep_to(self, task: Task) -> Task:
        """The task with what a trial may cost, and the likenesses, as they were."""
        return replace(task, trial_seconds=self.trial_seconds, folds=self.trial_folds, likeness=self.likeness)

    def keep(self, facts: Backbone) -> Backbone:
        """The backbone with the image sizes and the pace it had. Raises RunError where its weights differ."""
        return self.backbones[facts.name].keep(facts)


@dataclass(frozen=True, slots=True)
class BackboneRecord:
    """A backbone as it was opened: what names its weights, and what was measured."""

    opened_as: str
    digest: str
    sides: tuple[int, ...]
    side: int
    pace: Pace
    kept: tuple[float, ...]

    def keep(self, facts: Backbone) -> Backbone:
        """The backbone with the image sizes and the pace it had. Raises RunError if its weights differ."""
        if self.digest != facts.digest:
            raise _changed(f"the weights of {facts.name} differ ({_digests(self.digest, facts.digest)})")
        return replace(facts, sides=self.sides, side=self.side, pace=self.pace, kept=self.kept)


@dataclass(frozen=True, slots=True)
class BaselineNetworkRecord:
    """The network that a baseline brought, and how it was opened."""

    weights: Weights
    seen: BackboneRecord


def backbone_record(name: str, facts: Backbone) -> BackboneRecord:
    """A backbone as it was opened, by ``name``: a folder's as it is called from anywhere."""
    lasting = str(Path(name).resolve()) if Path(name).is_dir() else name
    return BackboneRecord(lasting, facts.digest, facts.sides, facts.side, facts.pace, facts.kept)


def read_record(told: Mapping[str, Any]) -> PreparationRecord:
    """Read back what ``jsonio.plain`` made of it. Raises RunError if that is something else."""
    try:
        found = jsonio.as_type(told, PreparationRecord)
        for name, each in found.own.items():
            _check_own(name, each.weights)
    except ValueError as error:
        raise RunError(
            f"What the run had decided cannot be read from run.json: {error}. "
            "Was it edited, or written by another version of autotl?"
        ) from error
    return found


def _check_own(name: str, weights: Weights) -> None:
    """Raise ValueError unless a network begins from random weights: a source of backbones has the others."""
    named = [arg for arg in weights.args if arg.startswith(("pretrained", "checkpoint"))]
    if weights.pretrained or weights.folder is not None or ":" in weights.timm_name or named:
        raise ValueError(f"own.{name}.weights: the network of a strategy begins from random weights")


def _digests(then: str, now: str) -> str:
    return f"digest {then[:12]} then, {now[:12]} now"


def _changed(what: str) -> RunError:
    return RunError(
        f"This run cannot be resumed on other data: {what}. "
        "Give the data as it was, or start a new run in another folder."
    )
