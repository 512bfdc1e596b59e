"""Standardise numbers by their mean and deviation over the training images."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from autotl.api import Dataset
from autotl.errors import DataError

if TYPE_CHECKING:
    from autotl.api.dataset import Rows

MIN_SHARE = 1e-6
"""The smallest deviation of a number, as a share of its size: single precision holds no smaller one."""


def with_number_scales(dataset: Dataset, train: Rows) -> Dataset:
    """Return the data with the mean and deviation of its numbers.

    Other targets have none.

    Args:
        dataset: The images.
        train: The training rows. Neither mean nor deviation depends on the others.

    Raises:
        DataError: A number is the same for all training images.
    """
    target = dataset.target
    if target.kind != "regression":
        return dataset
    numbers = dataset.targets[train].astype(np.float64)
    means, scales = numbers.mean(0), numbers.std(0)
    least = MIN_SHARE * np.abs(numbers).max(0)
    for name, scale, small in zip(target.names, scales.tolist(), least.tolist(), strict=True):
        if scale <= small:
            raise DataError(
                f"The numbers to predict must differ (got {name!r} with the same number for all {len(train)} "
                "training images). Add other images, or name another column (label=, --label)."
            )
    return replace(
        dataset, target=replace(target, means=tuple(means.tolist()), scales=tuple(scales.tolist()))
    )
