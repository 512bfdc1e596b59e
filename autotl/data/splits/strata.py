"""The strata of a data set, whose shares splits and samples keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.targets import target_of


def strata_of(dataset: Dataset) -> NDArray[np.int64]:
    """Return the stratum of each image, (n,): of single labels its class."""
    return target_of(dataset.target).strata(dataset.targets)


def count_strata(dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, int]:
    """Return the number of images of each stratum, by its name."""
    names = target_of(dataset.target).strata_names
    counts = np.bincount(strata_of(dataset)[rows], minlength=len(names)).tolist()
    return dict(zip(names, counts, strict=True))
