"""The strata of a data set, whose shares splits and samples keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.targets import target_of


def strata_of(dataset: Dataset) -> NDArray[np.int64]:
    """Return the stratum of each image, (n,): of single labels its class."""
    return target_of(dataset.target).strata(dataset.targets)


def memberships_of(dataset: Dataset) -> Sequence[Sequence[int]]:
    """Return all strata of each image: of several labels, these."""
    return target_of(dataset.target).memberships(dataset.targets)


def count_strata(dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return the number of images of each stratum, by its name.

    Each image counts once. Strata without images are there only if they are classes.
    """
    names = target_of(dataset.target).strata_names
    counts = np.bincount(strata_of(dataset)[rows], minlength=len(names)).tolist()
    every = dataset.target.kind == "single_label"
    return {name: count for name, count in zip(names, counts, strict=True) if count or every}


def count_members(dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return the number of images of each stratum, by its name.

    An image with several labels counts for each of them.
    """
    names, members = target_of(dataset.target).strata_names, memberships_of(dataset)
    counts = Counter(stratum for row in rows.tolist() for stratum in members[row])
    labels = dataset.target.outputs if dataset.target.kind == "multi_label" else len(names)
    return {name: counts[number] for number, name in enumerate(names) if number < labels or counts[number]}
