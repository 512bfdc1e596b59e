"""Join rows of one class into sets, none of which has too much of its class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

LARGEST = 3
"""A set has at most one of so many parts of its class: folds need several sets of each class."""


class Gathering:
    """Sets of rows that are joined step by step; a join that would make a set too large is left out."""

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self._labels = labels
        self._most = {label: n // LARGEST for label, n in Counter(labels.tolist()).items()}
        self._root = list(range(len(labels)))
        self._members = [[row] for row in range(len(labels))]
        self.how: dict[int, str] = {}
        """The evidence that first put a row into a set."""

    def begin(self, sets: Sequence[Sequence[int]], how: Mapping[int, str]) -> None:
        """Take up sets that were found before, with the evidence for each of their rows."""
        for rows in sets:
            self._unite(rows, "")
            self.how.update({row: how[row] for row in rows if row in how})

    def most(self, label: int) -> int:
        """Return how many images of the class a set may have."""
        return self._most.get(label, 0)

    def fits(self, rows: Sequence[int]) -> bool:
        """Whether the rows alone are not too many for one set."""
        return 0 < len(rows) <= self.most(int(self._labels[rows[0]]))

    def join(self, rows: Sequence[int], how: str) -> None:
        """Join the rows and the sets that they are in, if the result is not too large."""
        if len(rows) < 2:
            return
        together = [row for root in {self._root[row] for row in rows} for row in self._members[root]]
        if self.fits(together):
            self._unite(together, how)

    def sets(self) -> tuple[tuple[int, ...], ...]:
        """Return the sets of two rows or more, by their first rows."""
        found = [tuple(sorted(rows)) for rows in self._members if len(rows) > 1]
        return tuple(sorted(found))

    def _unite(self, rows: Sequence[int], how: str) -> None:
        root = min(self._root[row] for row in rows)
        for row in rows:
            self.how.setdefault(row, how)
            if (old := self._root[row]) != root:
                self._members[root].append(row)
                self._members[old] = []
                self._root[row] = root
