"""Compute 95 % intervals of proportions and their differences.

They stay wide at 0 and 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Flags = NDArray[np.bool_]


def proportion_interval(hits: int, n: int, *, method: Literal["exact", "wilson"] = "exact") -> Interval:
    """Return the interval of a proportion: Clopper and Pearson's, or Wilson's.

    Clopper and Pearson's interval covers the true proportion in at least 95 % of cases. Wilson's covers it in
    only 84 % for some proportions; it is used for differences alone.

    Args:
        hits: Images that count, from 0 to ``n``.
        n: All images, 1 or more.
        method: The kind of interval.
    """
    from scipy.stats import binomtest  # takes half as long to import as torch

    found = binomtest(hits, n).proportion_ci(0.95, method)
    return float(found.low), float(found.high)


def mean_proportion_interval(right: Flags, labels: NDArray[np.int64]) -> Interval:
    """Return the interval of the classes' mean proportion of correct predictions.

    The distances from each proportion to the ends of its interval are combined as squares (MOVER: Zou and
    Donner, Construction of confidence limits about effect measures, Statistics in Medicine, 2008).

    Args:
        right: Whether each image is classified correctly, (n,).
        labels: The class of each image, (n,).
    """
    own = [right[labels == c] for c in np.unique(labels)]
    ends = [proportion_interval(int(each.sum()), len(each)) for each in own]
    return _mean_interval([float(each.mean()) for each in own], ends)


def difference_interval(ours: Flags, theirs: Flags) -> Interval:
    """Return the interval of the difference of two paired proportions, (n,) each.

    Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired
    data, Statistics in Medicine, 1998, method 10.
    """
    n = len(ours)
    both, only_ours = int((ours & theirs).sum()), int((ours & ~theirs).sum())
    only_theirs = int((~ours & theirs).sum())
    neither = n - both - only_ours - only_theirs
    our_hits, their_hits = both + only_ours, both + only_theirs
    product = both * neither - only_ours * only_theirs
    if product > 0:
        product = max(product - n // 2, 0)  # Newcombe's continuity correction
    scale = math.sqrt(our_hits * (n - our_hits) * their_hits * (n - their_hits))
    phi = product / scale if scale else 0.0
    (low, high), (their_low, their_high) = (
        proportion_interval(hits, n, method="wilson") for hits in (our_hits, their_hits)
    )
    our_share, their_share = our_hits / n, their_hits / n
    down = _joint_distance(our_share - low, their_high - their_share, phi)
    up = _joint_distance(high - our_share, their_share - their_low, phi)
    return our_share - their_share - down, our_share - their_share + up


def mean_difference_interval(ours: Flags, theirs: Flags, labels: NDArray[np.int64]) -> Interval:
    """Return the interval of the difference of two means over the classes.

    Args:
        ours: Whether the first model classifies each image correctly, (n,).
        theirs: Whether the second model does, (n,).
        labels: The class of each image, (n,).
    """
    pairs = [(ours[labels == c], theirs[labels == c]) for c in np.unique(labels)]
    differences = [float(our.mean() - their.mean()) for our, their in pairs]
    return _mean_interval(differences, [difference_interval(*pair) for pair in pairs])


def _mean_interval(values: Sequence[float], ends: Sequence[Interval]) -> Interval:
    """Return the interval of the mean of independent estimates with these intervals."""
    estimates, limits = np.array(values), np.array(ends)
    mean = float(estimates.mean())
    down = math.sqrt(float(((estimates - limits[:, 0]) ** 2).sum())) / len(estimates)
    up = math.sqrt(float(((limits[:, 1] - estimates) ** 2).sum())) / len(estimates)
    return mean - down, mean + up


def _joint_distance(one: float, other: float, phi: float) -> float:
    """Return the distance of a difference from its end of the interval."""
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))
