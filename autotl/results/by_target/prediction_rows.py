"""Put predictions into rows, by the kind of target."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.api import PredictionIntervals, Reader, TargetSpec
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.results.csv_text import join_columns

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")

THRESHOLD = 0.5
"""The probability above which a label is predicted."""
SEPARATOR = ";"
"""The text between several labels of an image, as readers of tables take it."""
OWN_COLUMNS = ("path", "error")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PredictionOptions:
    """The content of a table of predictions.

    Attributes:
        top: Number of most probable classes or labels, a row each; None for one row without its rank.
        probabilities: Whether each class or label has a column ``p:NAME``.
        strict: Whether an unreadable image raises DataError.
        image: The column of a table that holds the images; None to find it as ``fit`` does.
        readers: Returns the readers of other forms than folders, zips and images, by name.
    """

    top: int | None = None
    probabilities: bool = False
    strict: bool = False
    image: str | None = None
    readers: Callable[[], Mapping[str, Reader]] = field(default=dict)


def checked_options(
    top: int | None,
    probabilities: bool,
    strict: bool,
    image: str | None,
    *,
    readers: Callable[[], Mapping[str, Reader]],
) -> PredictionOptions:
    """Return the options that a caller gives; see :class:`PredictionOptions`.

    Args:
        top: Number of most probable classes or labels.
        probabilities: Whether each class or label has a column.
        strict: Whether an unreadable image raises DataError.
        image: The column of a table that holds the images.
        readers: Returns the readers by name.

    Raises:
        DataError: ``top`` is no whole number above 0.
    """
    if top is not None and (isinstance(top, bool) or not isinstance(top, int) or top < 1):
        raise DataError(f"top must be a whole number above 0 (got {top!r}).")
    return PredictionOptions(top, bool(probabilities), bool(strict), image, readers)


def check_options(options: PredictionOptions, target: TargetSpec) -> None:
    """Raise DataError if an option does not fit the kind of target."""
    for name, given in (("top", options.top is not None), ("probabilities", options.probabilities)):
        if given and target.kind == "regression":
            raise DataError(
                f"{name} must be left out (got a model of numbers, which have no probabilities). "
                f"Leave --{name} out."
            )


def prediction_rows(
    names: Sequence[str],
    errors: Sequence[str],
    predictions: Floats,
    target: TargetSpec,
    options: PredictionOptions,
    intervals: PredictionIntervals | None,
) -> pd.DataFrame:
    """Return one row for each image, or several with ``top``.

    Args:
        names: Names of the images.
        errors: Why an image cannot be read, or "".
        predictions: Predictions (images, k); NaN for unreadable images.
        target: The kind of target, and the names of the predictions.
        options: The content of the table.
        intervals: The prediction intervals of numbers; None if there are none.
    """
    if target.kind == "regression":
        return _numbers(names, errors, predictions, target.names, intervals)
    if target.kind == "multi_label" and options.top is None:
        return _labels(names, errors, predictions, target.names, options)
    return _ranked(names, errors, predictions, target.names, options)


def joined_labels(flags: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    """Return the names of each row's labels (n, labels), joined by ``;``."""
    return [SEPARATOR.join(name for name, own in zip(names, row, strict=True) if own) for row in flags]


def number_columns(names: Sequence[str]) -> list[str]:
    """Return the columns of numbers; a taken name gets a prefix."""
    return [f"predicted:{name}" if name in OWN_COLUMNS else name for name in names]


def _interval_columns(column: str, taken: Sequence[str]) -> tuple[str, str]:
    """Return the columns of an interval's ends; a taken name gets a prefix."""
    low, high = (f"{column}_{end}" for end in ("low", "high"))
    if low in taken or high in taken:
        return f"interval:{low}", f"interval:{high}"
    return low, high


def _numbers(
    names: Sequence[str],
    errors: Sequence[str],
    numbers: Floats,
    columns: Sequence[str],
    intervals: PredictionIntervals | None,
) -> pd.DataFrame:
    found = {"path": _texts(names)}
    own = number_columns(columns)
    for i, column in enumerate(own):
        found[column] = pd.Series(numbers[:, i])
        if intervals is not None and intervals.kept:
            half = intervals.half_widths[i]
            low, high = _interval_columns(column, own)
            found[low] = pd.Series(numbers[:, i] - half)
            found[high] = pd.Series(numbers[:, i] + half)
    found["error"] = _texts(errors)
    table = pd.concat(found.values(), axis=1, ignore_index=True)
    table.columns = pd.Index(list(found), dtype=object)
    return table


def _labels(
    names: Sequence[str],
    errors: Sequence[str],
    probabilities: Floats,
    labels: Sequence[str],
    options: PredictionOptions,
) -> pd.DataFrame:
    joined = joined_labels(probabilities > THRESHOLD, labels)
    found = [None if why else text for why, text in zip(errors, joined, strict=True)]
    table = pd.DataFrame({"path": _texts(names), "labels": _texts(found)})
    if options.probabilities:
        table = join_columns(table, _probability_columns(probabilities, labels))
    table["error"] = _texts(errors)
    return table


def _ranked(
    names: Sequence[str],
    errors: Sequence[str],
    probabilities: Floats,
    classes: Sequence[str],
    options: PredictionOptions,
) -> pd.DataFrame:
    k = min(options.top or 1, len(classes))
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]  # (images, k)
    rows = np.repeat(np.arange(len(names)), k)
    rank = np.tile(np.arange(1, k + 1), len(names))
    broken = np.array([bool(why) for why in errors])[rows]
    label = [None if bad else classes[c] for c, bad in zip(order.ravel().tolist(), broken, strict=True)]
    table = pd.DataFrame(
        {
            "path": _texts(names[row] for row in rows.tolist()),
            "rank": rank,
            "label": _texts(label),
            "probability": np.take_along_axis(probabilities, order, axis=1).ravel(),
        }
    )
    if options.probabilities:
        table = join_columns(table, _probability_columns(probabilities[rows], classes))
    table["error"] = _texts(errors[row] for row in rows.tolist())
    kept: pd.DataFrame = table.loc[~broken | (rank == 1)].reset_index(drop=True)
    return kept if options.top else kept.drop(columns="rank")


def _probability_columns(probabilities: Floats, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(probabilities, columns=pd.Index([f"p:{name}" for name in names], dtype=object))


def _texts(values: Iterable[str | None]) -> pd.Series:
    # as objects, because pandas' strings reject names that are not UTF-8
    return pd.Series(list(values), dtype=object)
