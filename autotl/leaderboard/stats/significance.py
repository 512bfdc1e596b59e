"""Test whether entrants differ significantly, over data sets as independent units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from autotl import jsonio
from autotl.errors import BenchError
from autotl.evaluation import holm
from autotl.leaderboard.rows.pivot import Floats, Grid, ranks, unique_index
from autotl.report.format import count

ALPHA = 0.05
"""The significance level."""
MIN_DATASETS = 6
"""Data sets from which a signed-rank test can reach p < .05; with 5, the smallest p is 2/2⁵ = .0625."""
_NAMED = {name: {jsonio.KEY: name} for name in ("together", "told_apart", "why", "least_p")}
"""Metadata of fields with another name in JSON."""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Wilcoxon's signed-rank test of two entrants.

    It compares the blocks that both ran in.

    Attributes:
        first: Name of the first entrant.
        second: Name of the second entrant.
        datasets: Number of common data sets.
        blocks: Number of common blocks.
        difference: Mean over data sets of first − second, as a fraction; None without common data sets.
        p: p-value over data-set means; None if no test is possible.
        p_holm: p-value corrected for all tested pairs by Holm's method.
        significant: Whether the corrected p-value is below .05.
        reason: Reason why no test is possible; empty if one was made.
    """

    first: str
    second: str
    datasets: int
    blocks: int
    difference: float | None
    p: float | None
    p_holm: float | None
    significant: bool = field(metadata=_NAMED["told_apart"])
    reason: str = field(metadata=_NAMED["why"])


@dataclass(frozen=True, slots=True)
class FriedmanTest:
    """Friedman's test of all entrants, with Nemenyi's post-hoc test.

    It compares the blocks that all ran in.

    Attributes:
        datasets: Number of common data sets.
        blocks: Number of common blocks.
        ranks: Entrants with their mean ranks over data sets, best first.
        statistic: Friedman's statistic.
        p: Friedman's p-value.
        critical_difference: Difference of mean ranks from which two entrants differ by Nemenyi's test.
        nemenyi: Nemenyi's p-value of each pair.
        groups: The largest groups of neighbours without significant differences; a single group if Friedman's
            test is not significant.
    """

    datasets: int
    blocks: int
    ranks: tuple[tuple[str, float], ...]
    statistic: float
    p: float
    critical_difference: float
    nemenyi: tuple[tuple[str, str, float], ...]
    groups: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Significance:
    """The tests of all entrants and of pairs.

    Attributes:
        friedman: The test of all entrants; None if it is not possible.
        reason: Reason why it is not possible; empty if it was made.
        pairs: The tests of pairs.
        min_p_holm: The smallest corrected p-value that a pair could reach with so many data sets and pairs;
            None if no pair was tested.
    """

    friedman: FriedmanTest | None = field(metadata=_NAMED["together"])
    reason: str = field(metadata=_NAMED["why"])
    pairs: tuple[PairTest, ...]
    min_p_holm: float | None = field(metadata=_NAMED["least_p"])


def compare_entrants(grid: Grid, *, pairwise: bool = True) -> Significance:
    """Test all entrants together, and every pair.

    All entrants are tested by Friedman and Nemenyi, pairs by Wilcoxon with Holm's correction. See Demšar,
    "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006.

    Args:
        grid: The rows.
        pairwise: Whether pairs are tested.

    Raises:
        BenchError: If scikit-posthocs is needed and not installed.
    """
    common = grid.common()
    means = dataset_means(grid, common, range(len(grid.entrants)))
    pairs = _pair_tests(grid) if pairwise else []
    reachable = [_min_p(pair.datasets) for pair in pairs if pair.p is not None]
    reason = _too_few(means)
    return Significance(
        friedman=None if reason else _friedman(grid.entrants, means, int(common.sum())),
        reason=reason,
        pairs=tuple(pairs),
        min_p_holm=min(1.0, min(reachable) * len(reachable)) if reachable else None,
    )


def dataset_means(grid: Grid, blocks: Any, columns: Sequence[int]) -> Floats:
    """Return mean scores of each data set, (data sets, columns).

    The mean is over seeds, and then over the cases of a data set.

    Args:
        grid: The rows.
        blocks: Which blocks to use, bool (blocks,).
        columns: Columns of the entrants.
    """
    chosen = [block for block, used in zip(grid.blocks, blocks, strict=True) if used]
    scores = grid.credited[np.asarray(blocks)][:, list(columns)]
    _, case = unique_index(chosen, lambda block: block.case)
    datasets, dataset = unique_index(chosen, lambda block: block.case.dataset)
    means = []
    for index in range(len(datasets)):
        cases = [scores[case == each].mean(axis=0) for each in sorted(set(case[dataset == index]))]
        means.append(np.mean(cases, axis=0))
    return np.array(means).reshape(len(datasets), len(columns)).round(12)


def _too_few(means: Floats) -> str:
    datasets, entrants = means.shape
    if entrants < 3:
        return f"Friedman's test needs 3 entrants or more (got {entrants})."
    if datasets < 3:
        return f"Friedman's test needs 3 data sets on which all entrants ran (got {datasets})."
    return ""


def _friedman(entrants: Sequence[str], means: Floats, blocks: int) -> FriedmanTest:
    from scipy.stats import friedmanchisquare, studentized_range

    datasets, k = means.shape
    mean_ranks = ranks(means).mean(axis=0)
    if (means == means[:, :1]).all():  # Friedman's statistic is 0 / 0 if all scores are tied
        statistic, p = 0.0, 1.0
    else:
        statistic, p = (float(each) for each in friedmanchisquare(*means.T))
    critical = float(studentized_range.isf(ALPHA, k, np.inf) / np.sqrt(2))
    critical *= float(np.sqrt(k * (k + 1) / (6 * datasets)))
    order = [int(i) for i in np.argsort(mean_ranks, kind="stable")]
    ranked = tuple((entrants[i], float(mean_ranks[i])) for i in order)
    nemenyi = _posthocs().posthoc_nemenyi_friedman(means).to_numpy()
    return FriedmanTest(
        datasets=datasets,
        blocks=blocks,
        ranks=ranked,
        statistic=statistic,
        p=p,
        critical_difference=critical,
        nemenyi=tuple((entrants[i], entrants[j], float(nemenyi[i, j])) for i, j in combinations(order, 2)),
        groups=_groups(ranked, critical if p < ALPHA else np.inf),
    )


def _groups(ranked: Sequence[tuple[str, float]], critical: float) -> tuple[tuple[str, ...], ...]:
    """Return the longest runs of two or more neighbours within the critical difference."""
    groups: list[tuple[int, int]] = []
    for start, (_, rank) in enumerate(ranked):
        end = max(i for i, (_, other) in enumerate(ranked) if other - rank < critical)
        if end > start and not (groups and groups[-1][1] >= end):
            groups.append((start, end))
    return tuple(tuple(name for name, _ in ranked[a : b + 1]) for a, b in groups)


def _pair_tests(grid: Grid) -> list[PairTest]:
    found = [_pair_test(grid, i, j) for i, j in combinations(range(len(grid.entrants)), 2)]
    tested = [pair for pair in found if pair.p is not None]
    corrected = iter(holm([pair.p for pair in tested if pair.p is not None]))
    return [_with_holm(pair, next(corrected)) if pair.p is not None else pair for pair in found]


def _with_holm(pair: PairTest, p_holm: float) -> PairTest:
    return replace(pair, p_holm=p_holm, significant=p_holm < ALPHA)


def _pair_test(grid: Grid, i: int, j: int) -> PairTest:
    from scipy.stats import wilcoxon

    both = grid.present[:, i] & grid.present[:, j]
    means = dataset_means(grid, both, (i, j))
    differences = means[:, 0] - means[:, 1]
    unequal = int(np.count_nonzero(differences))
    p, reason = None, ""
    common = len(differences)
    if common < MIN_DATASETS:
        reason = f"{count(common, 'common data set')}: p < .05 needs {MIN_DATASETS} or more"
    elif unequal < MIN_DATASETS:
        reason = f"equal on {common - unequal} of {common} data sets: p < .05 is impossible"
    else:
        p = float(wilcoxon(differences[differences != 0]).pvalue)
    return PairTest(
        first=grid.entrants[i],
        second=grid.entrants[j],
        datasets=common,
        blocks=int(both.sum()),
        difference=float(differences.mean()) if common else None,
        p=p,
        p_holm=None,
        significant=False,
        reason=reason,
    )


def _min_p(datasets: int) -> float:
    return float(2.0 / 2.0**datasets)


def _posthocs() -> Any:
    try:
        return import_module("scikit_posthocs")
    except ImportError as error:
        raise BenchError(
            "Nemenyi's test needs scikit-posthocs, which is not installed: pip install 'autotl[bench]'"
        ) from error
