"""Find copies in data sets, as the modality of their inputs does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, FindsCopies
from autotl.modalities import modality_named
from autotl.quality import connected, leaks, near_duplicates

Rows = NDArray[np.int64]
Features = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class ComparedRows:
    """Some rows of a data set, to be compared with others.

    Attributes:
        dataset: The data set.
        rows: The rows, (n,).
        features: Their features, (n, d); None if there are none. Modalities that find copies by the inputs
            alone do not need them.
    """

    dataset: Dataset
    rows: Rows
    features: Features | None = None

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The hashes of the rows, (n,)."""
        hashes: NDArray[np.uint64] = self.dataset.table["looks"].to_numpy()[self.rows]
        return hashes

    def inputs(self) -> list[Any]:
        """Open the inputs of the rows."""
        return [self.dataset.openers[row]() for row in self.rows.tolist()]


def needs_features(dataset: Dataset) -> bool:
    """Return whether near copies are found by features."""
    return not isinstance(modality_named(dataset.modality), FindsCopies)


def copies_among(compared: ComparedRows, labels: NDArray[np.int64] | None = None) -> list[tuple[int, ...]]:
    """Return sets of positions that are copies of each other.

    Args:
        compared: The rows.
        labels: Their classes, (n,), within which mirrored copies are found; None for any.
    """
    modality = modality_named(compared.dataset.modality)
    if isinstance(modality, FindsCopies):
        return connected(modality.copies_among(compared.inputs()), len(compared.rows))
    return near_duplicates(compared.hashes, compared.features, labels)


def copies_between(
    compared: ComparedRows, others: ComparedRows, *, among_first: bool = False
) -> Sequence[tuple[int, int]]:
    """Return pairs of a position and one of ``others`` that are copies.

    Args:
        compared: The rows, usually of the training part.
        others: Other rows, of the same or of another data set.
        among_first: Whether only the first rows are neighbours; see :func:`autotl.quality.leaks`.
    """
    modality = modality_named(compared.dataset.modality)
    if isinstance(modality, FindsCopies):
        pairs = modality.copies_between(compared.inputs(), others.inputs())
        return [(int(first), int(second)) for first, second in pairs]
    return leaks(compared.hashes, others.hashes, compared.features, others.features, among_train=among_first)
