"""Compute the standing of each entrant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import Case, Floats, Grid, has_score, make_grid
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval


@dataclass(frozen=True, slots=True)
class Standing:
    """An entrant over all blocks that it ran in.

    Means are over cases, and the value of a case is the mean over its seeds. A failure is credited with the
    score of guessing. Times are those of rows without failure.

    Attributes:
        entrant: Name of the entrant.
        kind: Kind of the entrant.
        datasets: Number of data sets.
        cases: Number of cases.
        blocks: Number of blocks.
        failures: Number of failures.
        rank: Mean rank, from 1.
        rank_ci95: Its 95 % interval; None with one data set.
        normalised: Mean normalised score, in [0, 1].
        normalised_ci95: Its 95 % interval; None with one data set.
        wins: Number of blocks with the best score; ties are shared.
        test: Mean test score, as a fraction.
        regret: Mean of the best single strategy's score minus its own, as a fraction; None if unknown.
        regret_ci95: Its 95 % interval; None with one data set.
        seconds: Mean time; None if all rows failed.
        seconds_median: Median time; None if all rows failed.
        budget_share: Mean time as a fraction of the budget; None if all rows failed.
    """

    entrant: str
    kind: str
    datasets: int
    cases: int
    blocks: int
    failures: int
    rank: float
    rank_ci95: Interval | None
    normalised: float
    normalised_ci95: Interval | None
    wins: float
    test: float
    regret: float | None
    regret_ci95: Interval | None
    seconds: float | None
    seconds_median: float | None
    budget_share: float | None


@dataclass(frozen=True, slots=True)
class Board:
    """The standings of all entrants, and the benchmark that they are from.

    Attributes:
        standings: The entrants, best mean rank first.
        datasets: Names of the data sets.
        cases: The cases.
        seeds: The seeds.
        metrics: Names of the metrics.
        blocks: Number of blocks.
        common_blocks: Number of blocks that every entrant ran in.
        failures: Number of failures.
    """

    standings: tuple[Standing, ...]
    datasets: tuple[str, ...]
    cases: tuple[Case, ...]
    seeds: tuple[int, ...]
    metrics: tuple[str, ...]
    blocks: int
    common_blocks: int
    failures: int

    @property
    def uneven(self) -> bool:
        """Whether some entrant did not run in some block."""
        return self.common_blocks < self.blocks


def board(rows: Iterable[Row], *, seed: int = 0) -> Board:
    """Rank the entrants of rows.

    Args:
        rows: The rows.
        seed: Seed of the bootstrap.

    Raises:
        BenchError: If there are no rows, or they cannot be compared (see :func:`pivot.make_grid`).
    """
    return board_of(make_grid(rows), seed=seed)


def board_of(grid: Grid, *, seed: int = 0) -> Board:
    """Rank the entrants of a grid.

    Args:
        grid: The rows.
        seed: Seed of the bootstrap.
    """
    rows = [row for line in grid.rows for row in line if row is not None]
    return Board(
        standings=tuple(sorted(_standings(grid, seed), key=lambda s: (s.rank, -s.normalised, s.entrant))),
        datasets=tuple(sorted({block.case.dataset for block in grid.blocks})),
        cases=tuple(sorted({block.case for block in grid.blocks})),
        seeds=tuple(sorted({block.seed for block in grid.blocks})),
        metrics=tuple(sorted({row.metric for row in rows if has_score(row)})),
        blocks=len(grid.blocks),
        common_blocks=int(grid.common().sum()),
        failures=int(grid.failed.sum()),
    )


def _standings(grid: Grid, seed: int) -> list[Standing]:
    columns = len(grid.entrants)
    values = np.hstack([grid.rank, grid.normalised, grid.regret])
    ci95 = bootstrap.intervals(grid.blocks, values, seed=seed)
    wins = _wins(grid)
    ranks, normalised, tests, regrets = (
        bootstrap.case_means(grid.blocks, each)
        for each in (grid.rank, grid.normalised, grid.credited, grid.regret)
    )
    standings = []
    for i, entrant in enumerate(grid.entrants):
        blocks = [block for block, present in zip(grid.blocks, grid.present[:, i], strict=True) if present]
        seconds, budget_shares = _times([line[i] for line in grid.rows])
        standings.append(
            Standing(
                entrant=entrant,
                kind=grid.kinds[i],
                datasets=len({block.case.dataset for block in blocks}),
                cases=len({block.case for block in blocks}),
                blocks=len(blocks),
                failures=int(grid.failed[:, i].sum()),
                rank=ranks[i] or 0.0,
                rank_ci95=ci95[i],
                normalised=normalised[i] or 0.0,
                normalised_ci95=ci95[columns + i],
                wins=float(wins[i]),
                test=tests[i] or 0.0,
                regret=regrets[i],
                regret_ci95=ci95[2 * columns + i],
                seconds=float(np.mean(seconds)) if seconds else None,
                seconds_median=float(np.median(seconds)) if seconds else None,
                budget_share=float(np.mean(budget_shares)) if budget_shares else None,
            )
        )
    return standings


def _wins(grid: Grid) -> Floats:
    best: NDArray[np.bool_] = grid.test == np.nanmax(
        np.where(np.isnan(grid.test), -np.inf, grid.test), axis=1, keepdims=True
    )
    return np.asarray((best / np.maximum(best.sum(axis=1, keepdims=True), 1)).sum(axis=0), dtype=np.float64)


def _times(rows: Sequence[Row | None]) -> tuple[list[float], list[float]]:
    """Return seconds, and seconds as fractions of the budget, of the rows without failure."""
    scored = [row for row in rows if row is not None and has_score(row)]
    return (
        [row.seconds for row in scored],
        [row.seconds / row.budget_seconds for row in scored if row.budget_seconds > 0],
    )
