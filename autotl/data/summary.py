"""Summarise the classes and the parts of a split in two sentences."""

from __future__ import annotations

from collections import Counter

from autotl.api import Dataset, Splits
from autotl.data.name_lists import join_counts

_MAX_LISTED = 12
"""Classes up to which all are listed; of more classes, only the largest."""
_LISTED_OF_MANY = 5


def summarise_data(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """Return sentences on the classes and on the split."""
    names = [dataset.classes[label] for label in dataset.table["label"]]
    counts = Counter(names)
    listed = join_counts(counts, limit=_MAX_LISTED if len(counts) <= _MAX_LISTED else _LISTED_OF_MANY)
    rarest = min(counts, key=lambda name: (counts[name], name))
    smallest = f"; the smallest is {rarest} {counts[rarest]:,}" if len(counts) > _MAX_LISTED else ""
    own_test = " (the data's own test part)" if bool((dataset.table["part"] == "test").any()) else ""
    fold = splits.folds[0]
    if splits.kind == "kfold":
        train = f"{len(splits.train):,} images to train on and validate on in {len(splits.first)} folds"
    else:
        own_val = " (the data's own validation part)" if splits.kind == "given" else ""
        train = f"{len(fold.train):,} images to train on, {len(fold.val):,} to validate on{own_val}"
    return (
        f"{len(counts)} classes: {listed}{smallest}.",
        f"Parts: {train}, {len(splits.test):,} to test on{own_test}.",
    )
