"""Write targets as the texts of split files, and encode such texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, TargetKind
from autotl.errors import BenchError

SEPARATOR = ";"
"""The text between several labels or numbers of an image."""


def target_texts(dataset: Dataset) -> list[str]:
    """Return the target of each image as a text.

    It is the class, the labels or the numbers.

    Raises:
        BenchError: If a label contains the separator.
    """
    target, encoded = dataset.target, dataset.targets
    if target.kind == "single_label":
        return [dataset.classes[number] for number in encoded.tolist()]
    if wrong := [name for name in target.names if SEPARATOR in name]:
        raise BenchError(
            f"A label or number must be named without {SEPARATOR!r} (got {wrong[0]!r}). Rename it."
        )
    if target.kind == "multi_label":
        names = np.array(target.names, dtype=object)
        return [SEPARATOR.join(names[row > 0]) for row in encoded]
    return [SEPARATOR.join(row) for row in encoded.astype(str).tolist()]  # 0.1 as float32 is "0.1" too


def names_in(texts: Sequence[str], kind: TargetKind) -> tuple[str, ...]:
    """Return the sorted classes or labels in texts; none for numbers."""
    if kind == "regression":
        return ()
    if kind == "single_label":
        return tuple(sorted(set(texts)))
    return tuple(sorted({name for text in texts for name in _parts(text)}))


def encode_texts(texts: Sequence[str], kind: TargetKind, names: Sequence[str]) -> NDArray[Any]:
    """Return encoded targets: classes (n,), or labels or numbers (n, k).

    Args:
        texts: The targets of the images.
        kind: The kind of target.
        names: The names of the classes, labels or numbers.

    Raises:
        BenchError: If a text does not have a number for each name.
    """
    index = {name: number for number, name in enumerate(names)}
    if kind == "single_label":
        return np.array([index[text] for text in texts], dtype=np.int64)
    found = np.zeros((len(texts), len(names)), dtype=np.float32)
    for row, text in enumerate(texts):
        if kind == "multi_label":
            found[row, [index[name] for name in _parts(text)]] = 1
        else:
            found[row] = _numbers(text, len(names))
    return found


def cells_of(text: str, kind: TargetKind) -> list[str]:
    """Return the table cells of a target, one for each number."""
    return text.split(SEPARATOR) if kind == "regression" else [text]


def _parts(text: str) -> list[str]:
    return [part for part in text.split(SEPARATOR) if part]


def _numbers(text: str, count: int) -> list[float]:
    try:
        found = [float(part) for part in text.split(SEPARATOR)]
    except ValueError:
        found = []
    if len(found) != count or not np.isfinite(found).all():
        raise BenchError(f"A target must have {count} numbers, joined by {SEPARATOR!r} (got {text!r}).")
    return found
