"""Compute kernel distances and their permutation test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

MAX_TEST_ROWS = 400
"""Rows of each sample that a test compares."""
PERMUTATIONS = 500
_TIE_TOLERANCE = 1e-12


def evenly_spaced(rows: Rows, limit: int) -> Rows:
    """Return at most ``limit`` evenly spaced rows.

    A sample may be sorted by class.
    """
    if len(rows) <= limit:
        return rows
    return rows[np.linspace(0, len(rows) - 1, limit).round().astype(np.int64)]


def squared_distances(a: Rows, b: Rows) -> Rows:
    """Return squared Euclidean distances between rows, (n, m).

    The rows ``a`` are (n, d), and ``b`` (m, d).
    """
    centre = b.mean(0)  # a common offset would cost precision in the squares
    a, b = a - centre, b - centre
    squares: Rows = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T), 0.0)
    return squares


def mean_of_pairs(kernel: Rows) -> float:
    """Return a kernel's mean over pairs of different rows."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def unbiased_distances(
    within: Rows, across: Rows, source: float, subsets: Sequence[NDArray[np.int64]]
) -> list[float]:
    """Return unbiased kernel distances for subsets of rows.

    The distance is E k(x, x') + E k(y, y') − 2 E k(x, y), for the target's rows x.

    Args:
        within: The kernel among the target's rows, (n, n).
        across: The kernel of the target's rows to the source's rows y, (n, m).
        source: The mean of the kernel over pairs of the source's rows.
        subsets: The rows of each subset.
    """
    to_source = across.mean(1)
    return [
        mean_of_pairs(within[np.ix_(chosen, chosen)]) + source - 2 * float(to_source[chosen].mean())
        for chosen in subsets
    ]


def permutation_p(kernel: Rows, n: int) -> float:
    """Return the p-value of a two-sample permutation test.

    It is the share of random divisions of the rows whose statistic is at least as large. The given division
    is included, so that the smallest value is 1/501 (Phipson & Smyth, Permutation P-values Should Never Be
    Zero, 2010).

    Args:
        kernel: The kernel among the rows of both samples, (n + m, n + m).
        n: The number of rows of the first sample, which come first.
    """
    total = len(kernel)
    m = total - n
    off_diagonal = kernel - np.diag(np.diagonal(kernel))
    rng = np.random.default_rng(0)
    in_first = np.zeros((total, 1 + PERMUTATIONS))
    in_first[:n, 0] = 1.0
    in_first[:, 1:] = rng.permuted(np.tile(in_first[:, :1], (1, PERMUTATIONS)), axis=0)
    to_first = off_diagonal @ in_first  # (rows, divisions)
    within_first = (in_first * to_first).sum(0)
    all_to_first = to_first.sum(0)
    within_second = off_diagonal.sum() - 2 * all_to_first + within_first
    across = all_to_first - within_first
    statistics = within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m)
    return float((statistics >= statistics[0] - _TIE_TOLERANCE * abs(statistics[0])).mean())
