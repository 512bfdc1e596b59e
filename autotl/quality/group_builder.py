"""Merge rows of one class into groups, within a maximum size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

MIN_GROUPS = 3
"""A group has at most one third of its class, because folds need several groups of each class."""


class GroupBuilder:
    """Groups of rows that are merged step by step.

    A merge that would make a group too large is skipped.

    Args:
        labels: Class indices, (n,).

    Attributes:
        how: The evidence that first put each row into a group.
    """

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self._labels = labels
        self._max_size = {label: n // MIN_GROUPS for label, n in Counter(labels.tolist()).items()}
        self._root = list(range(len(labels)))
        self._members = [[row] for row in range(len(labels))]
        self.how: dict[int, str] = {}

    def start_from(self, sets: Sequence[Sequence[int]], how: Mapping[int, str]) -> None:
        """Add groups that were found before, of any size.

        Args:
            sets: Rows of each group.
            how: The evidence for each row.
        """
        for rows in sets:
            self._unite(rows, "")
            self.how.update({row: how[row] for row in rows if row in how})

    def max_size(self, label: int) -> int:
        """Return the largest number of images in a group of this class."""
        return self._max_size.get(label, 0)

    def fits(self, rows: Sequence[int]) -> bool:
        """Whether the rows are few enough for one group."""
        return 0 < len(rows) <= self.max_size(int(self._labels[rows[0]]))

    def join(self, rows: Sequence[int], how: str) -> None:
        """Merge the groups of the rows, unless the result is too large.

        Args:
            rows: Rows of one class.
            how: The evidence, as named in the report.
        """
        if len(rows) < 2:
            return
        merged = [row for root in {self._root[row] for row in rows} for row in self._members[root]]
        if self.fits(merged):
            self._unite(merged, how)

    def sets(self) -> tuple[tuple[int, ...], ...]:
        """Return the groups of two or more rows, in order."""
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
