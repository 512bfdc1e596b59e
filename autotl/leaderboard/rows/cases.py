"""What was found case by case: scores of every entrant, and which family won."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotl.clock import format_duration
from autotl.leaderboard.rows.filters import likeness_of
from autotl.leaderboard.rows.pivot import SINGLE, Case, Floats, Grid


@dataclass(frozen=True, slots=True)
class Cell:
    """An entrant on a case, over its seeds: the mean test score, a fraction, None where every seed failed."""

    entrant: str
    test: float | None
    normalised: float
    failures: int
    seeds: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case: its size and place, the entrants that ran, and the family of the best single strategy.

    ``label`` names the case by what tells it from the others. ``family``, ``strategy`` and ``best`` are of
    the strategy with the highest mean score over the seeds, empty and None where none has a score.
    """

    case: Case
    label: str
    n_train: int
    n_classes: int
    likeness: float | None
    cells: tuple[Cell, ...]
    strategy: str
    family: str
    best: float | None


def case_results(laid: Grid) -> tuple[CaseResult, ...]:
    """Every case in order."""
    cases = list(dict.fromkeys(block.case for block in laid.blocks))
    labels = dict(zip(cases, label(cases), strict=True))
    return tuple(_result(laid, case, labels[case]) for case in cases)


def label(cases: Sequence[Case]) -> list[str]:
    """A name for every case: the data set, and whatever else is not the same in all."""
    shots, backbones, budgets = (
        len({getattr(case, name) for case in cases}) > 1 for name in ("shots", "backbone", "budget_seconds")
    )
    return [
        " · ".join(
            part
            for part in (
                case.dataset,
                (f"{case.shots} shots" if case.shots else "all images") if shots else "",
                case.backbone if backbones else "",
                format_duration(case.budget_seconds) if budgets else "",
            )
            if part
        )
        for case in cases
    ]


def _result(laid: Grid, case: Case, name: str) -> CaseResult:
    mine = [b for b, block in enumerate(laid.blocks) if block.case == case]
    rows = [row for b in mine for row in laid.rows[b] if row is not None]
    means = _means(laid.credited[mine])
    single = np.array([kind in SINGLE for kind in laid.kinds]) & ~laid.failed[mine].all(axis=0)
    candidates = np.where(single, means, np.nan)
    best = int(np.nanargmax(candidates)) if (~np.isnan(candidates)).any() else None
    return CaseResult(
        case=case,
        label=name,
        n_train=max(row.n_train for row in rows),
        n_classes=max(row.n_classes for row in rows),
        likeness=likeness_of(rows),
        cells=_cells(laid, mine),
        strategy=laid.entrants[best] if best is not None else "",
        family=_family(laid, mine, best) if best is not None else "",
        best=float(means[best]) if best is not None else None,
    )


def _cells(laid: Grid, mine: list[int]) -> tuple[Cell, ...]:
    tests, places = _means(laid.credited[mine]), _means(laid.normalised[mine])
    failures, seeds = laid.failed[mine].sum(axis=0), laid.present[mine].sum(axis=0)
    return tuple(
        Cell(
            entrant=entrant,
            test=float(tests[i]) if failures[i] < seeds[i] else None,
            normalised=float(places[i]),
            failures=int(failures[i]),
            seeds=int(seeds[i]),
        )
        for i, entrant in enumerate(laid.entrants)
        if seeds[i]
    )


def _means(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=0)
    return np.where(count > 0, np.nan_to_num(values).sum(axis=0) / np.maximum(count, 1), np.nan)


def _family(laid: Grid, mine: list[int], column: int) -> str:
    found = [row.family for b in mine if (row := laid.rows[b][column]) is not None]
    return Counter(found).most_common(1)[0][0]
