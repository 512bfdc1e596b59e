"""Hide images of a data set, such as the test images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Dataset
from autotl.api.dataset import target_columns
from autotl.errors import DataError

HIDDEN_TARGET = -1
"""The class of a hidden image; labels and numbers are NaN."""


@dataclass(frozen=True, slots=True)
class HiddenImage:
    """The opener of a hidden image.

    It records the attempt, and raises DataError.
    """

    row: int
    attempts: list[int] = field(compare=False)

    def __call__(self) -> Image.Image:
        self.attempts.append(self.row)
        raise DataError("A test image must not be opened before the final evaluation (got an attempt).")


def hide_rows(dataset: Dataset, rows: NDArray[np.int64], attempts: list[int]) -> Dataset:
    """Return the data set with some rows hidden.

    They have no images, targets, names and groups.

    The rows keep their places and digests.

    Args:
        dataset: The images.
        rows: The rows to hide.
        attempts: Receives the row of each attempt to open a hidden image.
    """
    table, openers = dataset.table.copy(), list[Callable[[], Image.Image]](dataset.openers)
    mask = np.zeros(len(dataset), dtype=bool)
    mask[rows] = True
    single = dataset.target.kind == "single_label"
    table.loc[mask, target_columns(dataset.target)] = HIDDEN_TARGET if single else np.nan
    table.loc[mask, "item"] = "(hidden)"
    for name in table.columns.intersection(["group", "taken"]):
        table.loc[mask, name] = None
    for row in rows.tolist():
        openers[row] = HiddenImage(row, attempts)
    return replace(dataset, table=table, openers=openers)
