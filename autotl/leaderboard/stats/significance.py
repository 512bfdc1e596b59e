"""Whether entrants can be told apart: tests over data sets, which are the independent unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import combinations
from typing import Any

import numpy as np

from autotl.errors import BenchError
from autotl.leaderboard.rows.pivot import Floats, Grid, distinct, ranks

ALPHA = 0.05
FEWEST = 6
"""Data sets below which no signed-rank test can reach p < .05: with 5, all on one side, p is 2/2⁵ = .0625."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entrants on the blocks that both ran in.

    ``difference`` is the mean over data sets of first − second, a fraction. ``p`` is of Wilcoxon's
    signed-rank test on data-set means, ``p_holm`` corrected for all pairs that could be tested; both are None
    where no test can answer, and ``why`` says so. ``told_apart`` is p_holm < .05.
    """

    first: str
    second: str
    datasets: int
    blocks: int
    difference: float | None
    p: float | None
    p_holm: float | None
    told_apart: bool
    why: str


@dataclass(frozen=True, slots=True)
class Together:
    """All entrants at once, on the blocks that all ran in.

    ``ranks`` are mean ranks over data sets, best first. ``p`` is Friedman's. Two entrants differ by Nemenyi's
    test where their ranks are ``critical_difference`` apart; ``groups`` are the largest sets of neighbours
    that cannot be told apart, all in one group where Friedman's test finds nothing.
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
class ToldApart:
    """What can be told apart. ``together`` is None where ``why`` says so.

    ``least_p`` is the smallest corrected p that any pair could reach with so many data sets and pairs.
    """

    together: Together | None
    why: str
    pairs: tuple[Pair, ...]
    least_p: float | None


def tell_apart(laid: Grid, *, pairwise: bool = True) -> ToldApart:
    """Friedman's and Nemenyi's tests of all entrants, and Wilcoxon's of every pair with Holm's correction.

    Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006. Pairs are
    left out where ``pairwise`` is false. Raises BenchError where scikit-posthocs is needed and absent.
    """
    common = laid.common()
    means = dataset_means(laid, common, range(len(laid.entrants)))
    pairs = _pairs(laid) if pairwise else []
    least = [_least(pair.datasets) for pair in pairs if pair.p is not None]
    return ToldApart(
        together=None if (why := _too_few(means)) else _together(laid.entrants, means, int(common.sum())),
        why=why,
        pairs=tuple(pairs),
        least_p=min(1.0, min(least) * len(least)) if least else None,
    )


def dataset_means(laid: Grid, blocks: Any, columns: Sequence[int]) -> Floats:
    """Data sets × ``columns``: mean scores over the chosen ``blocks`` (a mask), seeds then cases averaged."""
    chosen = [block for block, here in zip(laid.blocks, blocks, strict=True) if here]
    scores = laid.credited[np.asarray(blocks)][:, list(columns)]
    _, case = distinct(chosen, lambda block: block.case)
    datasets, dataset = distinct(chosen, lambda block: block.case.dataset)
    lines = []
    for place in range(len(datasets)):
        cases = [scores[case == each].mean(axis=0) for each in sorted(set(case[dataset == place]))]
        lines.append(np.mean(cases, axis=0))
    return np.array(lines).reshape(len(datasets), len(columns)).round(12)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for being so many (Holm, Scandinavian Journal of Statistics 6, 1979)."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(each) for each in corrected]


def _too_few(means: Floats) -> str:
    datasets, entrants = means.shape
    if entrants < 3:
        return f"Friedman's test compares 3 entrants or more, and there are {entrants}."
    if datasets < 3:
        return f"Friedman's test needs 3 data sets on which all entrants ran, and there are {datasets}."
    return ""


def _together(entrants: Sequence[str], means: Floats, blocks: int) -> Together:
    from scipy.stats import friedmanchisquare, studentized_range

    datasets, count = means.shape
    mean_ranks = ranks(means).mean(axis=0)
    if (means == means[:, :1]).all():  # Friedman's statistic is 0 / 0 where everything is tied
        statistic, p = 0.0, 1.0
    else:
        statistic, p = (float(each) for each in friedmanchisquare(*means.T))
    critical = float(studentized_range.isf(ALPHA, count, np.inf) / np.sqrt(2))
    critical *= float(np.sqrt(count * (count + 1) / (6 * datasets)))
    order = [int(i) for i in np.argsort(mean_ranks, kind="stable")]
    apart = _posthocs().posthoc_nemenyi_friedman(means).to_numpy()
    return Together(
        datasets=datasets,
        blocks=blocks,
        ranks=tuple((entrants[i], float(mean_ranks[i])) for i in order),
        statistic=statistic,
        p=p,
        critical_difference=critical,
        nemenyi=tuple((entrants[i], entrants[j], float(apart[i, j])) for i, j in combinations(order, 2)),
        groups=_groups(
            [(entrants[i], float(mean_ranks[i])) for i in order], critical if p < ALPHA else np.inf
        ),
    )


def _groups(ranked: Sequence[tuple[str, float]], critical: float) -> tuple[tuple[str, ...], ...]:
    """The longest runs of neighbours whose first and last are less than ``critical`` apart; no singles."""
    groups: list[tuple[int, int]] = []
    for start, (_, rank) in enumerate(ranked):
        end = max(i for i, (_, other) in enumerate(ranked) if other - rank < critical)
        if end > start and not (groups and groups[-1][1] >= end):
            groups.append((start, end))
    return tuple(tuple(name for name, _ in ranked[a : b + 1]) for a, b in groups)


def _pairs(laid: Grid) -> list[Pair]:
    found = [_pair(laid, i, j) for i, j in combinations(range(len(laid.entrants)), 2)]
    tested = [pair for pair in found if pair.p is not None]
    corrected = iter(holm([pair.p for pair in tested if pair.p is not None]))
    return [_corrected(pair, next(corrected)) if pair.p is not None else pair for pair in found]


def _corrected(pair: Pair, p_holm: float) -> Pair:
    return replace(pair, p_holm=p_holm, told_apart=p_holm < ALPHA)


def _pair(laid: Grid, i: int, j: int) -> Pair:
    from scipy.stats import wilcoxon

    both = laid.present[:, i] & laid.present[:, j]
    means = dataset_means(laid, both, (i, j))
    differences = means[:, 0] - means[:, 1]
    unlike = int(np.count_nonzero(differences))
    p, why = None, ""
    common = len(differences)
    if common < FEWEST:
        why = f"{common} data sets in common: no test can reach p < .05 with fewer than {FEWEST}"
    elif unlike < FEWEST:
        why = f"equal on {common - unlike} of {common} data sets: no test can reach p < .05"
    else:
        p = float(wilcoxon(differences[differences != 0]).pvalue)
    return Pair(
        first=laid.entrants[i],
        second=laid.entrants[j],
        datasets=common,
        blocks=int(both.sum()),
        difference=float(differences.mean()) if common else None,
        p=p,
        p_holm=None,
        told_apart=False,
        why=why,
    )


def _least(datasets: int) -> float:
    return float(2.0 / 2.0**datasets)


def _posthocs() -> Any:
    try:
        return import_module("scikit_posthocs")
    except ImportError as error:
        raise BenchError(
            "Nemenyi's test needs scikit-posthocs, which is not installed: pip install 'autotl[bench]'"
        ) from error
