"""Turn the table of test predictions back into arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import TargetKind, TargetSpec
from autotl.results.by_target.prediction_rows import SEPARATOR
from autotl.results.by_target.target_columns import PREDICTED, TRUE
from autotl.targets import target_of

PROBABILITY = "p:"
"""The beginning of the columns of probabilities."""
JUST_NO = -1e-6
"""The output of a label that is not predicted, though its rounded probability is one half."""

Floats = NDArray[np.float64]
Outputs = NDArray[np.float32]


def answer_names(answers: pd.DataFrame, kind: TargetKind) -> tuple[str, ...]:
    """Return the classes, labels or numbers in a table of predictions."""
    if kind != "regression":
        return tuple(label_names(answers))
    columns = [str(column) for column in answers.columns]
    return tuple(column.removeprefix(TRUE) for column in columns if column.startswith(TRUE))


def label_names(answers: pd.DataFrame) -> list[str]:
    """Return the names of the classes or labels that have probabilities."""
    columns = [str(column) for column in answers.columns]
    return [column.removeprefix(PROBABILITY) for column in columns if column.startswith(PROBABILITY)]


def probabilities(answers: pd.DataFrame) -> Floats:
    """Return the probabilities, (n, names)."""
    # by flags, because pandas finds no column whose name is not UTF-8
    chosen = [str(column).startswith(PROBABILITY) for column in answers.columns]
    return answers.loc[:, chosen].to_numpy(dtype=np.float64)


def label_flags(answers: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    """Return whether each image has each label, (n, labels)."""
    names = label_names(answers)
    if any(SEPARATOR in name for name in names):
        return np.array([_has(text, names) for text in answers[column]], dtype=bool).reshape(-1, len(names))
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(answers), len(names)), dtype=bool)
    for row, text in enumerate(answers[column]):
        found[row, [places[name] for name in text.split(SEPARATOR) if name in places]] = True
    return found


def answer_arrays(answers: pd.DataFrame, spec: TargetSpec) -> tuple[NDArray[Any], Outputs]:
    """Return encoded targets and outputs of a table of predictions.

    Files have rounded probabilities. The outputs still give exactly the predictions in the table.

    Args:
        answers: A row for each test image, as in ``test.csv``.
        spec: The target; its names are those of the table, in any order.

    Returns:
        Targets (n,) or (n, k), and outputs (n, k) in the order of the names; numbers in the user's units.

    Raises:
        KeyError: The table lacks a column, or has a class without probabilities.
        ValueError: A name or a number is missing.
    """
    if spec.kind == "regression":
        true, predicted = (
            answers[[f"{start}{name}" for name in spec.names]].to_numpy(dtype=np.float64)
            for start in (TRUE, PREDICTED)
        )
        return true.astype(np.float32), target_of(spec).outputs_of(predicted)
    names = label_names(answers)
    order = [names.index(name) for name in spec.names]
    outputs = target_of(spec).outputs_of(probabilities(answers)[:, order])
    if spec.kind == "multi_label":
        flags, predicted_flags = (label_flags(answers, column)[:, order] for column in ("label", "answer"))
        outputs[predicted_flags & (outputs <= 0)] = -JUST_NO
        outputs[~predicted_flags & (outputs > 0)] = JUST_NO
        return flags.astype(np.float32), outputs
    index = {name: place for place, name in enumerate(spec.names)}
    labels, predicted_labels = (
        np.array([index[name] for name in answers[column]], dtype=np.int64) for column in ("label", "answer")
    )
    rows = np.flatnonzero(outputs.argmax(1) != predicted_labels)
    outputs[rows, predicted_labels[rows]] = np.nextafter(outputs[rows].max(1), np.float32(np.inf))
    return labels, outputs


def _has(joined: str, names: Sequence[str]) -> list[bool]:
    """Return which labels a text joins; a label may hold the separator itself."""
    found = []
    for name in names:  # a text joins labels in this order
        found.append(joined == name or joined.startswith(f"{name}{SEPARATOR}"))
        if found[-1]:
            joined = joined[len(name) + len(SEPARATOR) :]
    return found
