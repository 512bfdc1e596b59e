"""Return predictions as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.errors import DataError
from autotl.results import Result
from autotl.results.by_target.prediction_rows import number_columns

Floats = NDArray[np.float64]


def predictions(result: Result, images: Sequence[Any]) -> Floats:
    """Return probabilities or numbers, (n, k).

    The columns are in the order of the model's names.

    Args:
        result: The result of a run.
        images: The images, each a path, a PIL image, bytes or an array.

    Raises:
        DataError: An image cannot be read, or a path holds several images.
    """
    target = result.predictor.target.spec
    numbers = target.kind == "regression"
    tables = result.predict_parts(images, probabilities=not numbers, strict=True)
    # probabilities by position: a class may have the name of another column
    place = slice(-1 - target.outputs, -1)
    parts = [each[number_columns(target.names)] if numbers else each.iloc[:, place] for each in tables]
    found = np.concatenate([part.to_numpy(dtype=np.float64) for part in parts])
    if len(found) != len(images):
        raise DataError(
            f"Each entry of X must be one image (got {len(images)} entries with {len(found)} images). "
            "List the files of a folder or zip."
        )
    return found
