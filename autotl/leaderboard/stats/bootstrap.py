"""Means over cases, and how far they would move with other data sets and other seeds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import Block, Floats, distinct
from autotl.seeds import derive

RESAMPLES = 2000
Interval = tuple[float, float]


def case_means(blocks: Sequence[Block], values: Floats) -> list[float | None]:
    """The mean of every column of ``values`` (blocks × columns): over seeds within a case, then over cases.

    NaN does not count; None stands for a column without any number.
    """
    weights = _equal_cases(blocks, values)
    total = weights.sum(axis=0)
    sums = (weights * np.nan_to_num(values)).sum(axis=0)
    return [float(s / t) if t > 0 else None for s, t in zip(sums, total, strict=True)]


def intervals(
    blocks: Sequence[Block], values: Floats, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[Interval | None]:
    """95 % intervals of :func:`case_means` by a hierarchical bootstrap (percentiles).

    Data sets are drawn with replacement, then seeds within each drawn data set; all cases of a data set and
    seed go together, because they share their images. None for a column with fewer than two data sets, which
    say nothing about others.
    """
    draws = resample(blocks, seed=seed, resamples=resamples)
    weights = _equal_cases(blocks, values)
    total = draws @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        means = draws @ (weights * np.nan_to_num(values)) / total  # (resamples, columns)
    _, dataset = distinct(blocks, lambda block: block.case.dataset)
    enough = [len(set(dataset[column])) > 1 for column in (~np.isnan(values)).T]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any number is None below
        low, high = np.nanquantile(means, (0.025, 0.975), axis=0)
    return [(float(a), float(b)) if ok else None for a, b, ok in zip(low, high, enough, strict=True)]


def resample(blocks: Sequence[Block], *, seed: int, resamples: int) -> Floats:
    """How often every block is drawn, (resamples, blocks): in all as often as there are data sets × seeds."""
    rng = np.random.default_rng(derive(seed, "leaderboard"))
    datasets, dataset = distinct(blocks, lambda block: block.case.dataset)
    drawn = rng.multinomial(len(datasets), np.full(len(datasets), 1 / len(datasets)), size=resamples)
    weights = np.zeros((resamples, len(blocks)))
    for place in range(len(datasets)):
        mine = np.flatnonzero(dataset == place)
        seeds, which = distinct([blocks[i] for i in mine.tolist()], lambda block: block.seed)
        each = rng.multinomial(drawn[:, place] * len(seeds), np.full(len(seeds), 1 / len(seeds)))
        weights[:, mine] = each[:, which]
    return weights


def _equal_cases(blocks: Sequence[Block], values: Floats) -> Floats:
    """Weights (blocks × columns) with which every case counts 1 in a column, however many seeds it has."""
    measured: NDArray[np.float64] = (~np.isnan(values)).astype(np.float64)
    cases, case = distinct(blocks, lambda block: block.case)
    seeds = np.zeros((len(cases), values.shape[1]))
    np.add.at(seeds, case, measured)
    return measured / np.maximum(seeds[case], 1.0)
