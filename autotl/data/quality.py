"""Say what is wrong with the data before anything is learned from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, Splits

_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Training images by class, and how many times the largest class is the smallest."""

    ratio: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Images that are the same pixel by pixel: how many sets of them, and how many images in all.

    ``conflicting`` counts the sets whose images bear different labels. ``examples`` lists the first sets by
    name.
    """

    groups: int
    images: int
    conflicting: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Leakage:
    """Test images, ``of`` so many, that are in the training part too, pixel by pixel; and groups in both."""

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
    """How large the images are."""

    height: Span
    width: Span


@dataclass(frozen=True, slots=True)
class Quality:
    """What to know of the data before trusting a result.

    ``unreadable`` maps images left out to why,
    ``missing`` a class to the parts that hold no image of it.
    """

    imbalance: Imbalance
    duplicates: Duplicates
    leakage: Leakage
    unreadable: Mapping[str, str]
    sizes: Sizes
    missing: Mapping[str, tuple[str, ...]]


def quality(dataset: Dataset, splits: Splits) -> Quality:
    """The faults that can be seen without a model, from names, digests and sizes. Opens no image."""
    table = dataset.table
    counts = np.bincount(table["label"].to_numpy()[splits.train], minlength=len(dataset.classes))
    return Quality(
        Imbalance(
            float(counts.max() / max(counts.min(), 1)),
            {name: int(n) for name, n in zip(dataset.classes, counts, strict=True)},
        ),
        _duplicates(dataset),
        _leakage(dataset, splits),
        dict(dataset.unreadable),
        Sizes(_span(table["height"].to_numpy()), _span(table["width"].to_numpy())),
        _missing(dataset, splits),
    )


def labels_of_parts(dataset: Dataset, splits: Splits) -> dict[str, NDArray[np.int64]]:
    """Return the labels of the test part and of the validation parts, sorted: only their counts are told."""
    labels = dataset.table["label"].to_numpy(dtype=np.int64)
    parts = {"test part": splits.test}
    parts |= {f"validation part {i}": fold.val for i, fold in enumerate(splits.first, 1)}
    return {name: np.sort(labels[rows]) for name, rows in parts.items()}


def _duplicates(dataset: Dataset) -> Duplicates:
    again = dataset.table[dataset.table["digest"].duplicated(keep=False)].groupby("digest", sort=True)
    names = [tuple(each) for each in again["item"].agg(list)]
    conflicting = int((again["label"].nunique() > 1).sum())
    return Duplicates(len(names), sum(map(len, names)), conflicting, tuple(names[:_EXAMPLES]))


def _leakage(dataset: Dataset, splits: Splits) -> Leakage:
    train, test = dataset.table.iloc[splits.train], dataset.table.iloc[splits.test]
    leaked = test[test["digest"].isin(train["digest"])]
    groups = set(train["group"].dropna()) & set(test["group"].dropna())
    return Leakage(len(leaked), len(groups), tuple(leaked["item"][:_EXAMPLES]), len(test))


def _missing(dataset: Dataset, splits: Splits) -> dict[str, tuple[str, ...]]:
    labels = dataset.table["label"].to_numpy()
    parts = {"test": splits.test, "validation": np.concatenate([fold.val for fold in splits.folds])}
    there = {name: set(labels[rows].tolist()) for name, rows in parts.items()}
    return {
        name: lacking
        for index, name in enumerate(dataset.classes)
        if (lacking := tuple(part for part, found in there.items() if index not in found))
    }


def _span(sizes: NDArray[Any]) -> Span:
    return Span(int(sizes.min()), float(np.median(sizes)), int(sizes.max()))
