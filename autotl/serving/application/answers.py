"""Turn predictions into the documents of the service."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.results import THRESHOLD, ImageModel
from autotl.serving.application.schemas import (
    ANSWER,
    Choice,
    ClassAnswer,
    FileAnswer,
    LabelsAnswer,
    Number,
    NumbersAnswer,
    Problem,
)
from autotl.serving.decoding import Decoded
from autotl.serving.refusal import Refusal, shown

DEFAULT_TOP = 5
"""Classes or labels that an answer lists."""


def checked_top(model: ImageModel, top: int | None) -> int:
    """Return how many classes or labels an answer lists.

    Raises:
        Refusal: Numbers have no probabilities.
    """
    spec = model.target.spec
    if top is not None and spec.kind == "regression":
        must = "top must be left out for a model of numbers, which have no probabilities"
        raise Refusal(422, "invalid_query", given=f"top={top}", must=must)
    return min(top or DEFAULT_TOP, spec.outputs)


def failed(model: ImageModel, decoded: Decoded) -> FileAnswer:
    """Return the answer for a file that has no prediction."""
    problem = None if decoded.refusal is None else Problem.of(decoded.refusal)
    return ANSWER[model.target.spec.kind](file=decoded.name, error=problem)


def predicted(model: ImageModel, decoded: Decoded, row: NDArray[np.float64], *, top: int) -> FileAnswer:
    """Return the answer for a file.

    Args:
        model: The model.
        decoded: The file.
        row: Its predictions (k,).
        top: How many classes or labels are listed.
    """
    spec, notes = model.target.spec, list(decoded.notes)
    names = [shown(name) for name in spec.names]
    if spec.kind == "regression":
        return NumbersAnswer(file=decoded.name, notes=notes, numbers=_numbers(model, names, row))
    best = np.argsort(-row, kind="stable")[:top].tolist()
    choices = [Choice(label=names[index], probability=float(row[index])) for index in best]
    if spec.kind == "multi_label":
        found = [name for name, probability in zip(names, row, strict=True) if probability > THRESHOLD]
        return LabelsAnswer(file=decoded.name, notes=notes, labels=found, top=choices)
    first = choices[0]
    return ClassAnswer(
        file=decoded.name, notes=notes, label=first.label, probability=first.probability, top=choices
    )


def _numbers(model: ImageModel, names: Sequence[str], row: NDArray[np.float64]) -> list[Number]:
    intervals = model.intervals
    halves = intervals.half_widths if intervals is not None and intervals.kept else (None,) * len(names)
    return [
        Number(
            name=name,
            value=value,
            low=None if half is None else value - half,
            high=None if half is None else value + half,
        )
        for name, value, half in zip(names, row.tolist(), halves, strict=True)
    ]
