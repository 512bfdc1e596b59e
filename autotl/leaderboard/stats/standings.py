"""The board: where every entrant stands, in plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import Case, Floats, Grid, grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval


@dataclass(frozen=True, slots=True)
class Standing:
    """One entrant over all blocks that it ran in.

    ``rank``, ``normalised``, ``test`` and ``regret`` are means over cases, each case the mean of its seeds;
    ``test`` and ``regret`` are fractions, with a failed row credited with guessing. ``regret`` is what the
    best single strategy of the same block scored more. ``wins`` counts blocks, ties shared. ``seconds`` and
    ``budget_share`` (seconds ÷ budget) are of the rows that did not fail, None where all did.
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
    """All entrants, the best mean rank first, and what they were measured on.

    ``blocks`` counts cases × seeds, ``common_blocks`` those that every entrant ran in. Where the two differ,
    ``uneven`` is true and means of different entrants are over different blocks.
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
    """Rank the entrants of ``rows``; ``seed`` draws the bootstrap's resamples.

    Raises BenchError where there are no rows, or rows that cannot be compared (see :func:`grid.grid`).
    """
    return board_of(grid(rows), seed=seed)


def board_of(laid: Grid, *, seed: int = 0) -> Board:
    """The board of rows that are already laid out."""
    columns = len(laid.entrants)
    values = np.hstack([laid.rank, laid.normalised, laid.regret])
    spread = bootstrap.intervals(laid.blocks, values, seed=seed)
    wins = _wins(laid)
    ranks, normalised, tests, regrets = (
        bootstrap.case_means(laid.blocks, each)
        for each in (laid.rank, laid.normalised, laid.credited, laid.regret)
    )
    standings = []
    for i, entrant in enumerate(laid.entrants):
        ran = [block for block, here in zip(laid.blocks, laid.present[:, i], strict=True) if here]
        seconds, shares = _time([line[i] for line in laid.rows])
        standings.append(
            Standing(
                entrant=entrant,
                kind=laid.kinds[i],
                datasets=len({block.case.dataset for block in ran}),
                cases=len({block.case for block in ran}),
                blocks=len(ran),
                failures=int(laid.failed[:, i].sum()),
                rank=ranks[i] or 0.0,
                rank_ci95=spread[i],
                normalised=normalised[i] or 0.0,
                normalised_ci95=spread[columns + i],
                wins=float(wins[i]),
                test=tests[i] or 0.0,
                regret=regrets[i],
                regret_ci95=spread[2 * columns + i],
                seconds=float(np.mean(seconds)) if seconds else None,
                seconds_median=float(np.median(seconds)) if seconds else None,
                budget_share=float(np.mean(shares)) if shares else None,
            )
        )
    every = [row for line in laid.rows for row in line if row is not None]
    return Board(
        standings=tuple(sorted(standings, key=lambda s: (s.rank, -s.normalised, s.entrant))),
        datasets=tuple(sorted({block.case.dataset for block in laid.blocks})),
        cases=tuple(sorted({block.case for block in laid.blocks})),
        seeds=tuple(sorted({block.seed for block in laid.blocks})),
        metrics=tuple(sorted({row.metric for row in every if has_score(row)})),
        blocks=len(laid.blocks),
        common_blocks=int(laid.common().sum()),
        failures=int(laid.failed.sum()),
    )


def _wins(laid: Grid) -> Floats:
    first: NDArray[np.bool_] = laid.test == np.nanmax(
        np.where(np.isnan(laid.test), -np.inf, laid.test), axis=1, keepdims=True
    )
    return np.asarray((first / np.maximum(first.sum(axis=1, keepdims=True), 1)).sum(axis=0), dtype=np.float64)


def _time(rows: Sequence[Row | None]) -> tuple[list[float], list[float]]:
    scored = [row for row in rows if row is not None and has_score(row)]
    return (
        [row.seconds for row in scored],
        [row.seconds / row.budget_seconds for row in scored if row.budget_seconds > 0],
    )
