"""Record which images belong together, and what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, Splits
from autotl.quality import MAX_COMPARED

EXAMPLES, NAMED = 5, 4
"""Groups that a report gives as examples, and file names of each."""

WORTH = 0.01
"""The share of a part that must belong to divided groups for a note."""

Rows = NDArray[np.int64]
Sets = tuple[tuple[int, ...], ...]


NOTABLE = 20
"""Images in groups from which on a note says so."""


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """The groups of a run, in rows of the dataset.

    Attributes:
        on: Whether groups are looked for.
        first: Those found before the split, by names, capture times and hashes, with images of the user's own
            test part that share a name or hash.
        last: Those of the training images, found by features too; None until then.
        found_by: Training images by the evidence that first put them into a group.
        moved: Images that validate in another fold since the features are known.
        divided: Groups that a fold still divides, such as one with a validation part of the user's own.
        unfinished: Whether the search ran out of time.
        uncompared: Training images of large classes that were not compared with their class.
    """

    on: bool = False
    first: Sets = ()
    last: Sets | None = None
    found_by: Mapping[str, int] = field(default_factory=dict)
    moved: int = 0
    divided: int = 0
    unfinished: bool = False
    uncompared: int = 0

    @property
    def notes(self) -> list[str]:
        """What to tell at once. A few images are told by the report alone."""
        said = []
        if self.unfinished:
            said.append("Not all groups of images were looked for, for lack of time.")
        if self.uncompared:
            said.append(
                f"{self.uncompared:,} training images were not compared by likeness: to find groups, at most "
                f"{MAX_COMPARED:,} images of a class are. If you know the groups, name them with --group."
            )
        if self.last and (images := sum(map(len, self.last))) >= NOTABLE:
            groups = "1 group" if len(self.last) == 1 else f"{len(self.last):,} groups"
            if self.divided:
                said.append(
                    f"Finds {groups} of images ({images:,} training images) that show the same thing. "
                    f"A fold divides {self.divided:,} of them, so validation scores may be too high."
                )
            else:
                said.append(
                    f"Keeps {groups} of images ({images:,} training images) in one fold each: "
                    "the images of a group show the same thing. --group none switches this off."
                )
        return said


@dataclass(frozen=True, slots=True)
class Across:
    """Groups that a part of the user's own divides: how many, their images in it of how many, and the first
    of them, as the names of an image in it and of one outside.
    """

    groups: int
    images: int
    of: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class FoundGroups:
    """What a report says of groups in the training images.

    Attributes:
        groups: How many.
        images: Training images in them.
        found_by: Images by evidence.
        examples: File names of the first groups.
        moved: Images that validate in another fold since the features are known.
        divided: Groups that a fold divides.
        across_test: Groups that are in the test part too; None if there are none.
        across_validation: Groups that the user's own validation part divides; None if there are none.
    """

    groups: int
    images: int
    found_by: Mapping[str, int]
    examples: tuple[tuple[str, ...], ...]
    moved: int
    divided: int
    across_test: Across | None
    across_validation: Across | None

    @property
    def notes(self) -> list[str]:
        """What to tell at once of parts that divide groups."""
        parts = (("test", self.across_test), ("validation", self.across_validation))
        return [
            _divided(part, across) for part, across in parts if across and across.images >= WORTH * across.of
        ]


def found_groups(dataset: Dataset, splits: Splits, grouping: GroupRecord) -> FoundGroups | None:
    """Sum up the groups for a report; None if none were looked for."""
    if not grouping.on:
        return None
    items, sets = dataset.table["item"].tolist(), grouping.last or ()
    fold = splits.folds[0]
    return FoundGroups(
        groups=len(sets),
        images=sum(map(len, sets)),
        found_by=grouping.found_by,
        examples=_named(items, sets),
        moved=grouping.moved,
        divided=grouping.divided,
        across_test=_across(items, grouping.first, splits.train, splits.test),
        across_validation=_across(items, sets, fold.train, fold.val) if splits.kind == "given" else None,
    )


def _across(items: Sequence[str], sets: Sets, learned: Rows, held: Rows) -> Across | None:
    ours, theirs = set(learned.tolist()), set(held.tolist())
    divided = [rows for rows in sets if ours & {*rows} and theirs & {*rows}]
    if not divided:
        return None
    images = sum(len(theirs & {*rows}) for rows in divided)
    pairs = [(min(theirs & {*rows}), min(ours & {*rows})) for rows in divided]
    return Across(len(divided), images, len(held), _named(items, pairs))


def _named(items: Sequence[str], sets: Sequence[Sequence[int]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(items[row]) for row in rows[:NAMED]) for rows in sets[:EXAMPLES])


def _divided(part: str, across: Across) -> str:
    one, other = across.examples[0]
    return (
        f"{across.groups:,} groups of images that show the same thing have images in the {part} part and "
        f"among those that are learned from, for example {one} and {other}. The {part} part is kept as "
        f"given, so its score may be too high."
    )
