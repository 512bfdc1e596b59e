"""Say in two sentences which classes were found and which part of the images is used for what."""

from __future__ import annotations

from collections import Counter

from autotl.api import Dataset, Splits
from autotl.data.conventions import counted

_MOST = 12
"""Classes that are listed one by one; of more, the largest are."""


def summary(dataset: Dataset, splits: Splits) -> tuple[str, ...]:
    """Sentences for a person: the class names with their counts, and the parts of the split."""
    names = [dataset.classes[label] for label in dataset.table["label"]]
    counts = Counter(names)
    listed = counted(counts, most=_MOST if len(counts) <= _MOST else 5)
    least = min(counts, key=lambda name: (counts[name], name))
    smallest = f"; the smallest is {least} {counts[least]:,}" if len(counts) > _MOST else ""
    own = " (the data's own test part)" if bool((dataset.table["part"] == "test").any()) else ""
    fold = splits.folds[0]
    if splits.kind == "kfold":
        learned = f"{len(splits.train):,} images to train on and validate on in {len(splits.first)} folds"
    else:
        chosen = " (the data's own validation part)" if splits.kind == "given" else ""
        learned = f"{len(fold.train):,} images to train on, {len(fold.val):,} to validate on{chosen}"
    return (
        f"{len(counts)} classes: {listed}{smallest}.",
        f"Parts: {learned}, {len(splits.test):,} to test on{own}.",
    )
