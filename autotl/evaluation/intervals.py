"""Compute 95% intervals of shares and of their differences that keep a width where every answer is right."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Flags = NDArray[np.bool_]


def of_share(hits: int, n: int, *, method: Literal["exact", "wilson"] = "exact") -> Interval:
    """Return the interval of a share: Clopper and Pearson's, or Wilson's.

    Clopper and Pearson's covers in 95% of cases or more, whatever the true share and however few the images.
    Wilson's covers in 84% in some cells, and serves here for differences alone.

    Args:
        hits: Images that count, 0 to ``n``.
        n: All images, 1 or more.
        method: Which of the two.
    """
    from scipy.stats import binomtest  # takes half as long to import as torch

    found = binomtest(hits, n).proportion_ci(0.95, method)
    return float(found.low), float(found.high)


def of_mean_share(right: Flags, labels: NDArray[np.int64]) -> Interval:
    """Return the interval of the mean over the classes of the share of right answers.

    The distances from each share to the ends of its own interval add up in squares (MOVER: Zou and Donner,
    Construction of confidence limits about effect measures, Statistics in Medicine, 2008).

    Args:
        right: Whether each image is answered correctly, (n,).
        labels: The class of each image, (n,).
    """
    own = [right[labels == c] for c in np.unique(labels)]
    return _mean([float(each.mean()) for each in own], [of_share(int(each.sum()), len(each)) for each in own])


def of_difference(ours: Flags, theirs: Flags) -> Interval:
    """Return the interval of the difference between two shares on the same images, (n,) each.

    Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired
    data, Statistics in Medicine, 1998, method 10.
    """
    n = len(ours)
    both, only_ours = int((ours & theirs).sum()), int((ours & ~theirs).sum())
    only_theirs = int((~ours & theirs).sum())
    neither = n - both - only_ours - only_theirs
    one, other = both + only_ours, both + only_theirs
    product = both * neither - only_ours * only_theirs
    if product > 0:
        product = max(product - n // 2, 0)  # his continuity correction
    scale = math.sqrt(one * (n - one) * other * (n - other))
    phi = product / scale if scale else 0.0
    (low, high), (their_low, their_high) = (of_share(each, n, method="wilson") for each in (one, other))
    one_share, other_share = one / n, other / n
    down = _joint(one_share - low, their_high - other_share, phi)
    up = _joint(high - one_share, other_share - their_low, phi)
    return one_share - other_share - down, one_share - other_share + up


def of_mean_difference(ours: Flags, theirs: Flags, labels: NDArray[np.int64]) -> Interval:
    """Return the interval of the difference between two means over the classes, as :func:`of_mean_share`."""
    own = [(ours[labels == c], theirs[labels == c]) for c in np.unique(labels)]
    differences = [float(one.mean() - other.mean()) for one, other in own]
    return _mean(differences, [of_difference(*each) for each in own])


def _mean(values: Sequence[float], ends: Sequence[Interval]) -> Interval:
    """Return the interval of the mean of independent estimates with these intervals."""
    found, limits = np.array(values), np.array(ends)
    mean = float(found.mean())
    down = math.sqrt(float(((found - limits[:, 0]) ** 2).sum())) / len(found)
    up = math.sqrt(float(((limits[:, 1] - found) ** 2).sum())) / len(found)
    return mean - down, mean + up


def _joint(one: float, other: float, phi: float) -> float:
    return math.sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))
