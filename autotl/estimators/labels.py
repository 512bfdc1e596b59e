"""Convert the targets of scikit-learn to the targets of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from autotl.data import join_names, read_labels
from autotl.errors import DataError


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of images, as a run gets them.

    Attributes:
        classes: The classes in ascending order, (classes,); of several labels their column numbers.
        names: Their names in the run.
        targets: The name of each image's class; of several labels 0 or 1, (n, labels).
        kind: The kind of target, as :func:`autotl.fit` names it.
    """

    classes: NDArray[Any]
    names: tuple[str, ...]
    targets: Any
    kind: Literal["single", "multi"]


def read_classes(y: Any) -> Labels:
    """Return the labels of a classifier's ``y``.

    Args:
        y: The class of each image, (n,); or 0 and 1 for each of several labels, (n, labels).

    Raises:
        DataError: Two classes would have the same name, or a label is neither 0 nor 1.
        ValueError: ``y`` is missing, or holds numbers that name no classes.
    """
    y = y.toarray() if hasattr(y, "toarray") else y
    check_classification_targets(y)
    values = np.asarray(y)
    if type_of_target(y) == "multilabel-indicator":
        return _several_labels(values)
    if values.ndim == 2 and values.shape[1] > 1:
        raise DataError(
            f"y must hold one class for each image, or a column of 0 and 1 for each label (got the shape "
            f"{values.shape} with other values). Fit one estimator for each column."
        )
    classes, rows = np.unique(column_or_1d(values), return_inverse=True)
    names = _names(classes)
    return Labels(classes, names, [names[row] for row in rows.tolist()], "single")


def read_numbers(y: Any) -> NDArray[np.float64]:
    """Return the numbers of a regressor's ``y``, (n,) or (n, numbers).

    Raises:
        DataError: ``y`` is missing, has another shape, or holds something else than finite numbers.
    """
    try:
        values = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"y must hold numbers (got {error}). Correct it.") from error
    if values.ndim not in (1, 2):
        raise DataError(f"y must have the shape (n,) or (n, numbers) (got {values.shape}).")
    if not np.isfinite(values).all():
        raise DataError("y must hold finite numbers (got NaN or infinity). Remove these images.")
    return values


def _several_labels(values: NDArray[Any]) -> Labels:
    if not np.isin(values, (0, 1)).all():
        raise DataError("y must hold 0 and 1, a column for each label (got other values). Correct them.")
    columns = np.arange(values.shape[1])
    return Labels(columns, tuple(map(str, columns.tolist())), values.astype(np.int64), "multi")


def _names(classes: NDArray[Any]) -> tuple[str, ...]:
    """Return the name that a run gives each class. Raises DataError for equal names."""
    given = classes.tolist()
    found = read_labels(given, row_names=[f"class {each!r}" for each in given], kind="single_label")
    names = tuple(map(str, found.values))
    if same := [repr(each) for each, name in zip(given, names, strict=True) if names.count(name) > 1]:
        raise DataError(
            f"The classes in y must differ in more than spaces or the form of a number (got "
            f"{join_names(same)}). Give them other names."
        )
    return names
