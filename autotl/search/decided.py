"""What a preparation decided by measured speed and by scores: a resumed run keeps to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from autotl.api import Backbone, DataConfig, Dataset, Pace, Splits, Task, Weights
from autotl.errors import RunError
from autotl.search.afford import LEAST_ROWS
from autotl.search.together import Grouping

_LATER = ("least", "grouping", "own", "wider")
"""What older runs do not say."""


@dataclass(frozen=True, slots=True)
class Decided:
    """``seconds`` is the budget it was decided for; ``first_split`` names the split before rows were left
    out, ``split`` the one that is learned from. ``backbones`` are those that were opened, in order;
    ``own`` are the networks that baselines bring themselves, by strategy.
    ``order`` and ``aside`` are their ranking. ``cache`` is in bytes, and
    ``read`` how many images were read where that was not all; ``left`` are the seconds that were left when
    their number was decided, and ``least`` the images to learn from however short the time. ``grouping`` are
    the groups that were found, and ``wider`` how many training images the networks of the baselines' own
    learn from if that is more.
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
    backbones: Mapping[str, Seen]
    order: tuple[str, ...]
    aside: Mapping[str, str]
    likeness: Mapping[str, Mapping[str, float]]
    notes: tuple[str, ...]
    least: int = LEAST_ROWS
    own: Mapping[str, OwnSeen] = field(default_factory=dict)
    grouping: Grouping = field(default_factory=Grouping)
    wider: int | None = None

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

    def check_split(self, splits: Splits) -> None:
        """The same for the split that is learned from."""
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
class Seen:
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
class OwnSeen:
    """The network that a baseline brought, and how it was opened."""

    weights: Weights
    seen: Seen


def seen_as(name: str, facts: Backbone) -> Seen:
    """A backbone as it was opened, by ``name``: a folder's as it is called from anywhere."""
    lasting = str(Path(name).resolve()) if Path(name).is_dir() else name
    return Seen(lasting, facts.digest, facts.sides, facts.side, facts.pace, facts.kept)


def decided_from(told: Mapping[str, Any]) -> Decided:
    """Read back what ``jsonio.plain`` made of it. Raises RunError where that is something else."""
    try:
        kept = {each.name: told[each.name] for each in fields(Decided) if each.name not in _LATER}
        kept["least"] = told.get("least", LEAST_ROWS)
        kept["wider"] = told.get("wider")
        kept["own"] = _own_from(told.get("own", {}))
        kept["grouping"] = _grouping(told.get("grouping"))
        kept["backbones"] = _seen_from(kept["backbones"])
        for name in ("classes", "order", "notes"):
            kept[name] = tuple(kept[name])
        return Decided(**kept)
    except (KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"What the run had decided cannot be read from run.json ({type(error).__name__}: {error}). "
            "Was it edited, or written by another version of autotl?"
        ) from error


def _seen_from(told: Mapping[str, Any]) -> dict[str, Seen]:
    return {name: _seen(each) for name, each in told.items()}


def _seen(told: Mapping[str, Any]) -> Seen:
    return Seen(
        told["opened_as"],
        told["digest"],
        tuple(told["sides"]),
        told["side"],
        Pace(**told["pace"]),
        tuple(told["kept"]),
    )


def _own_from(told: Mapping[str, Any]) -> dict[str, OwnSeen]:
    found = {}
    for name, each in told.items():
        config = each["weights"]["config"]
        if config is not None:
            config = DataConfig(**{**config, "mean": tuple(config["mean"]), "std": tuple(config["std"])})
        found[name] = OwnSeen(Weights(**{**each["weights"], "config": config}), _seen(each["seen"]))
    return found


def _grouping(told: Mapping[str, Any] | None) -> Grouping:
    if told is None:
        return Grouping()
    sets = {name: None if told[name] is None else tuple(map(tuple, told[name])) for name in ("first", "last")}
    return Grouping(**{**told, **sets})


def _digests(then: str, now: str) -> str:
    return f"digest {then[:12]} then, {now[:12]} now"


def _changed(what: str) -> RunError:
    return RunError(
        f"This run cannot be resumed on other data: {what}. "
        "Give the data as it was, or start a new run in another folder."
    )
