"""Distances that are means of a kernel over pairs of rows, and the test that goes with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]

MOST = 400
"""Rows of a side that a test compares."""
PERMUTATIONS = 500


def spaced(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly spaced: a source's sample may lie in the order of its classes."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]


def squares_between(a: Rows, b: Rows) -> Rows:
    """The squared Euclidean distance of each row of ``a`` (n, d) to each of ``b`` (m, d): (n, m)."""
    centre = b.mean(0)  # a common offset would cost digits in the squares
    a, b = a - centre, b - centre
    found: Rows = np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * (a @ b.T), 0.0)
    return found


def mean_of_pairs(kernel: Rows) -> float:
    """The mean of a kernel (n, n) over pairs of two different rows."""
    n = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (n * (n - 1)))


def unbiased(within: Rows, across: Rows, source: float, subsets: Sequence[NDArray[np.int64]]) -> list[float]:
    """E k(x, x') + E k(y, y') − 2 E k(x, y) for subsets of the target's rows x.

    ``within`` (n, n) is the kernel among them, ``across`` (n, m) that to the source's rows y, ``source`` the
    mean over pairs of these.
    """
    to_source = across.mean(1)
    return [
        mean_of_pairs(within[np.ix_(chosen, chosen)]) + source - 2 * float(to_source[chosen].mean())
        for chosen in subsets
    ]


def permutation_p(kernel: Rows, n: int) -> float:
    """The share of random divisions of the rows into ``n`` and the rest whose statistic is at least as large.

    ``kernel`` (n + m, n + m) is that of both sides' rows, the first ``n`` one side's. At least 1/501 (Phipson
    & Smyth, Permutation P-values Should Never Be Zero, 2010).
    """
    total = len(kernel)
    m = total - n
    bare = kernel - np.diag(np.diagonal(kernel))
    rng = np.random.default_rng(0)
    side = np.zeros((total, 1 + PERMUTATIONS))
    side[:n, 0] = 1.0
    side[:, 1:] = rng.permuted(np.tile(side[:, :1], (1, PERMUTATIONS)), axis=0)
    reach = bare @ side  # (rows, divisions)
    own = (side * reach).sum(0)
    both = reach.sum(0)
    rest = bare.sum() - 2 * both + own
    found = own / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * (both - own) / (n * m)
    return float((found >= found[0] - 1e-12 * abs(found[0])).mean())
