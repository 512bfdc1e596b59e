"""Summarise the classes and the parts of a split in two sentences."""

from __future__ import annotations

import numpy as np

from autotl.api import Dataset, Splits
from autotl.data.name_lists import join_counts, join_names
from autotl.data.splits.strata import count_members
from autotl.modalities import noun_of

_MAX_LISTED = 12
"""Classes up to which all are listed; of more classes, only the largest."""
_LISTED_OF_MANY = 5


def summarise_data(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """Return sentences on the classes, labels or numbers, and on the split."""
    own_test = " (the data's own test part)" if bool((dataset.table["part"] == "test").any()) else ""
    fold, noun = splits.folds[0], noun_of(dataset)
    if splits.kind == "kfold":
        train = f"{len(splits.train):,} {noun}s to train on and validate on in {len(splits.first)} folds"
    else:
        own_val = " (the data's own validation part)" if splits.kind == "given" else ""
        train = f"{len(fold.train):,} {noun}s to train on, {len(fold.val):,} to validate on{own_val}"
    return (
        _targets(dataset),
        f"Parts: {train}, {len(splits.test):,} to test on{own_test}.",
    )


def _targets(dataset: Dataset) -> str:
    """Return the sentence on the classes, labels or numbers."""
    if dataset.target.kind == "regression":
        return _numbers(dataset)
    counts = count_members(dataset, np.arange(len(dataset)))
    listed = join_counts(counts, limit=_MAX_LISTED if len(counts) <= _MAX_LISTED else _LISTED_OF_MANY)
    rarest = min(counts, key=lambda name: (counts[name], name))
    smallest = f"; the smallest is {rarest} {counts[rarest]:,}" if len(counts) > _MAX_LISTED else ""
    if dataset.target.kind == "single_label":
        return f"{len(counts)} classes: {listed}{smallest}."
    mean, noun = float(dataset.targets.sum(1).mean()), noun_of(dataset)
    return f"{dataset.target.outputs} labels, {mean:.1f} for each {noun} on average: {listed}{smallest}."


def _numbers(dataset: Dataset) -> str:
    """Return the sentence on the range of each number."""
    low, high = dataset.targets.min(0).tolist(), dataset.targets.max(0).tolist()
    ranges = [
        f"{name} from {start:g} to {end:g}"
        for name, start, end in zip(dataset.target.names, low, high, strict=True)
    ]
    number = "1 number" if len(ranges) == 1 else f"{len(ranges)} numbers"
    return f"{number} to predict: {join_names(ranges, limit=_LISTED_OF_MANY)}."
