"""Record groups of images, and sum them up for a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, Splits
from autotl.quality import MAX_COMPARED

EXAMPLES, FILES = 5, 4
"""Groups that a report gives as examples, and file names of each."""
DIVIDED_SHARE = 0.01
"""The fraction of a part in divided groups from which a note is added."""
GROUPED_IMAGES = 20
"""The images in groups from which a note is added."""

Rows = NDArray[np.int64]
Sets = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """The groups of a run, in rows of the dataset.

    Attributes:
        on: Whether groups are searched for.
        first: The groups before the split, by names, capture times and hashes, with images of the user's own
            test part that share a name or hash.
        last: The groups of the training images, found by features too; None before that search.
        found_by: Training images by the evidence that first put them into a group.
        moved: Images whose fold has changed because of features.
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
        """The sentences for the user, if many images are in groups."""
        found = []
        if self.unfinished:
            found.append("The search for groups of images ran out of time, so some groups may be missing.")
        if self.uncompared:
            found.append(
                f"{self.uncompared:,} training images were not compared by similarity: the search for groups "
                f"compares at most {MAX_COMPARED:,} images of a class. If you know the groups, name them "
                "with --group."
            )
        if self.last and (images := sum(map(len, self.last))) >= GROUPED_IMAGES:
            found.append(self._kept_together(len(self.last), images))
        return found

    def _kept_together(self, count: int, images: int) -> str:
        groups = "1 group" if count == 1 else f"{count:,} groups"
        if self.divided:
            return (
                f"Finds {groups} of images ({images:,} training images) that show the same thing. "
                f"A fold divides {self.divided:,} of them, so validation scores may be too high."
            )
        return (
            f"Keeps {groups} of images ({images:,} training images) in one fold each: "
            "the images of a group show the same thing. --group none switches this off."
        )


@dataclass(frozen=True, slots=True)
class DividedGroups:
    """The groups that a part of the user's own divides.

    Attributes:
        groups: How many.
        images: Their images in the part.
        of: All images of the part.
        examples: For the first groups, the name of an image in the part and of one outside.
    """

    groups: int
    images: int
    of: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The groups of training images, as a report shows them.

    Attributes:
        groups: How many.
        images: Training images in them.
        found_by: Images by evidence.
        examples: File names of the first groups.
        moved: Images whose fold has changed because of features.
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
    across_test: DividedGroups | None
    across_validation: DividedGroups | None

    @property
    def notes(self) -> list[str]:
        """The sentences for the user on parts that divide groups."""
        parts = (("test", self.across_test), ("validation", self.across_validation))
        return [
            _divided(part, across)
            for part, across in parts
            if across and across.images >= DIVIDED_SHARE * across.of
        ]


def summarize_groups(dataset: Dataset, splits: Splits, grouping: GroupRecord) -> GroupSummary | None:
    """Sum up the groups for a report.

    Args:
        dataset: The images.
        splits: The split of all images.
        grouping: The groups.

    Returns:
        The summary; None if no groups were searched for.
    """
    if not grouping.on:
        return None
    items, sets = dataset.table["item"].tolist(), grouping.last or ()
    fold = splits.folds[0]
    return GroupSummary(
        groups=len(sets),
        images=sum(map(len, sets)),
        found_by=grouping.found_by,
        examples=_named(items, sets),
        moved=grouping.moved,
        divided=grouping.divided,
        across_test=_across(items, grouping.first, splits.train, splits.test),
        across_validation=_across(items, sets, fold.train, fold.val) if splits.kind == "given" else None,
    )


def _across(items: Sequence[str], sets: Sets, learned: Rows, held: Rows) -> DividedGroups | None:
    """Return the sets with rows on both sides; None without any."""
    ours, theirs = set(learned.tolist()), set(held.tolist())
    divided = [rows for rows in sets if ours & {*rows} and theirs & {*rows}]
    if not divided:
        return None
    images = sum(len(theirs & {*rows}) for rows in divided)
    pairs = [(min(theirs & {*rows}), min(ours & {*rows})) for rows in divided]
    return DividedGroups(len(divided), images, len(held), _named(items, pairs))


def _named(items: Sequence[str], sets: Sequence[Sequence[int]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(str(items[row]) for row in rows[:FILES]) for rows in sets[:EXAMPLES])


def _divided(part: str, across: DividedGroups) -> str:
    one, other = across.examples[0]
    return (
        f"{across.groups:,} groups of images that show the same thing have images in the {part} part and "
        f"among the training images, for example {one} and {other}. The {part} part is kept as given, so its "
        "score may be too high."
    )
