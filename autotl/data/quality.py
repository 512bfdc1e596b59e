"""Find faults of the data without opening images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import Dataset, Splits
from autotl.api.dataset import target_columns
from autotl.data.splits.strata import count_members, memberships_of

_MAX_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Training images per class or label, and largest to smallest."""

    ratio: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Images with equal pixels.

    Attributes:
        groups: The number of sets of equal images.
        images: The number of images in all sets.
        conflicting: The number of sets whose images have different labels.
        examples: The names of the images in the first sets.
    """

    groups: int
    images: int
    conflicting: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Leakage:
    """Overlap of the test set with the training set.

    Attributes:
        images: The number of test images whose pixels equal those of a training image.
        groups: The number of groups in both sets.
        examples: The names of the first such test images.
        of: The number of test images.
    """

    images: int
    groups: int
    examples: tuple[str, ...]
    of: int


@dataclass(frozen=True, slots=True)
class Span:
    """The range of a size in pixels."""

    min: int
    median: float
    max: int


@dataclass(frozen=True, slots=True)
class Sizes:
    """The range of the heights and widths of the images."""

    height: Span
    width: Span


@dataclass(frozen=True, slots=True)
class Quality:
    """Faults of the data that affect trust in a result.

    Attributes:
        imbalance: The class imbalance of the training set.
        duplicates: Images with equal pixels.
        leakage: Overlap of the test set with the training set.
        unreadable: The reason for each image that cannot be read, by name.
        sizes: The range of image sizes; None for inputs without height and width.
        missing: The parts without images of a class or label, by its name.
    """

    imbalance: Imbalance
    duplicates: Duplicates
    leakage: Leakage
    unreadable: Mapping[str, str]
    sizes: Sizes | None
    missing: Mapping[str, tuple[str, ...]]


def quality(dataset: Dataset, splits: Splits) -> Quality:
    """Find the faults that show without opening images."""
    table = dataset.table
    return Quality(
        _imbalance(dataset, splits),
        _duplicates(dataset),
        _leakage(dataset, splits),
        dict(dataset.unreadable),
        _sizes(table),
        _missing(dataset, splits),
    )


def _sizes(table: pd.DataFrame) -> Sizes | None:
    if "height" not in table:
        return None
    return Sizes(_span(table["height"].to_numpy()), _span(table["width"].to_numpy()))


def _imbalance(dataset: Dataset, splits: Splits) -> Imbalance:
    if dataset.target.kind == "regression":
        return Imbalance(1.0, {})
    counts = count_members(dataset, splits.train)
    return Imbalance(float(max(counts.values()) / max(min(counts.values()), 1)), counts)


def labels_by_part(dataset: Dataset, splits: Splits) -> dict[str, NDArray[Any]]:
    """Return the sorted targets of the test and validation sets.

    Sorted targets, each label or number by itself, reveal only their counts.
    """
    targets = dataset.targets
    parts = {"test part": splits.test}
    parts |= {f"validation part {i}": fold.val for i, fold in enumerate(splits.first, 1)}
    return {name: np.sort(targets[rows], axis=0) for name, rows in parts.items()}


def _duplicates(dataset: Dataset) -> Duplicates:
    repeated = dataset.table[dataset.table["digest"].duplicated(keep=False)].groupby("digest", sort=True)
    names = [tuple(each) for each in repeated["item"].agg(list)]
    columns = target_columns(dataset.target)
    conflicting = int((repeated[columns].nunique() > 1).any(axis=1).sum())
    return Duplicates(len(names), sum(map(len, names)), conflicting, tuple(names[:_MAX_EXAMPLES]))


def _leakage(dataset: Dataset, splits: Splits) -> Leakage:
    train, test = dataset.table.iloc[splits.train], dataset.table.iloc[splits.test]
    leaked = test[test["digest"].isin(train["digest"])]
    groups = set(train["group"].dropna()) & set(test["group"].dropna())
    return Leakage(len(leaked), len(groups), tuple(leaked["item"][:_MAX_EXAMPLES]), len(test))


def _missing(dataset: Dataset, splits: Splits) -> dict[str, tuple[str, ...]]:
    if dataset.target.kind == "regression":
        return {}
    members = memberships_of(dataset)
    parts = {"test": splits.test, "validation": np.concatenate([fold.val for fold in splits.folds])}
    present = {part: {each for row in rows.tolist() for each in members[row]} for part, rows in parts.items()}
    return {
        name: lacking
        for index, name in enumerate(dataset.classes)
        if (lacking := tuple(part for part, found in present.items() if index not in found))
    }


def _span(sizes: NDArray[Any]) -> Span:
    return Span(int(sizes.min()), float(np.median(sizes)), int(sizes.max()))
