"""Average over cases, with bootstrap intervals over data sets and seeds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import Block, Floats, unique_index
from autotl.seeds import derive

RESAMPLES = 2000
Interval = tuple[float, float]
"""The ends of a 95 % interval."""


def case_means(blocks: Sequence[Block], values: Floats) -> list[float | None]:
    """Return the mean of each column over seeds, then cases.

    Args:
        blocks: The block of each row.
        values: Values, NaN if missing, (blocks, columns).

    Returns:
        The means; None for a column without values.
    """
    weights = _case_weights(blocks, values)
    total = weights.sum(axis=0)
    sums = (weights * np.nan_to_num(values)).sum(axis=0)
    return [float(s / t) if t > 0 else None for s, t in zip(sums, total, strict=True)]


def intervals(
    blocks: Sequence[Block], values: Floats, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Interval | None]:
    """Return 95 % intervals of :func:`case_means` by a hierarchical percentile bootstrap.

    Data sets are drawn with replacement, then seeds within each drawn data set. All cases of a data set and
    seed are drawn together, because they share their images.

    Args:
        blocks: The block of each row.
        values: Values, NaN if missing, (blocks, columns).
        seed: Seed of the bootstrap.
        resamples: Number of resamples.

    Returns:
        The intervals; None for a column with fewer than two data sets.
    """
    draws = resample(blocks, seed=seed, resamples=resamples)
    weights = _case_weights(blocks, values)
    total = draws @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        means = draws @ (weights * np.nan_to_num(values)) / total  # (resamples, columns)
    _, dataset = unique_index(blocks, lambda block: block.case.dataset)
    enough = [len(set(dataset[column])) > 1 for column in (~np.isnan(values)).T]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without values becomes None below
        low, high = np.nanquantile(means, (0.025, 0.975), axis=0)
    return [(float(a), float(b)) if ok else None for a, b, ok in zip(low, high, enough, strict=True)]


def resample(blocks: Sequence[Block], *, seed: int, resamples: int) -> Floats:
    """Draw bootstrap resamples of blocks.

    Args:
        blocks: The blocks.
        seed: Seed of the bootstrap.
        resamples: Number of resamples.

    Returns:
        The number of times that each block is drawn, (resamples, blocks).
    """
    rng = np.random.default_rng(derive(seed, "leaderboard"))
    datasets, dataset = unique_index(blocks, lambda block: block.case.dataset)
    drawn = rng.multinomial(len(datasets), np.full(len(datasets), 1 / len(datasets)), size=resamples)
    weights = np.zeros((resamples, len(blocks)))
    for index in range(len(datasets)):
        of_dataset = np.flatnonzero(dataset == index)
        seeds, which = unique_index([blocks[i] for i in of_dataset.tolist()], lambda block: block.seed)
        each = rng.multinomial(drawn[:, index] * len(seeds), np.full(len(seeds), 1 / len(seeds)))
        weights[:, of_dataset] = each[:, which]
    return weights


def _case_weights(blocks: Sequence[Block], values: Floats) -> Floats:
    """Return weights (blocks, columns) that give every case the weight 1 in each column."""
    measured: NDArray[np.float64] = (~np.isnan(values)).astype(np.float64)
    cases, case = unique_index(blocks, lambda block: block.case)
    seeds = np.zeros((len(cases), values.shape[1]))
    np.add.at(seeds, case, measured)
    return measured / np.maximum(seeds[case], 1.0)
