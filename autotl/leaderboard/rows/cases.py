"""Summarise each case: all scores, and the winning family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from autotl.clock import format_duration
from autotl.leaderboard.rows.filters import mean_likeness
from autotl.leaderboard.rows.pivot import SINGLE_KINDS, Case, Floats, Grid


@dataclass(frozen=True, slots=True)
class Cell:
    """An entrant on a case, over its seeds.

    Attributes:
        entrant: Name of the entrant.
        test: Mean test score, as a fraction; None if every seed failed.
        normalised: Mean normalised score, in [0, 1].
        failures: Number of failed seeds.
        seeds: Number of seeds.
    """

    entrant: str
    test: float | None
    normalised: float
    failures: int
    seeds: int


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The results of one case.

    The winner is the single strategy with the highest mean score over the seeds.

    Attributes:
        case: The case.
        label: A name with the properties that differ between cases.
        n_train: Number of training images.
        n_classes: Number of classes.
        likeness: Similarity to the source data, in [0, 1]; None if unknown.
        cells: The entrants.
        strategy: The winner; empty if no strategy has a score.
        family: Its family; empty if there is no winner.
        best: Its score, as a fraction; None if there is no winner.
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


def case_results(grid: Grid) -> tuple[CaseResult, ...]:
    """Return the results of every case, in order."""
    cases = list(dict.fromkeys(block.case for block in grid.blocks))
    labels = dict(zip(cases, case_labels(cases), strict=True))
    return tuple(_result(grid, case, labels[case]) for case in cases)


def case_labels(cases: Sequence[Case]) -> list[str]:
    """Return a name for every case.

    It has the data set, and the properties that differ between cases.
    """
    shots, backbones, budgets, suites = (
        len({getattr(case, name) for case in cases}) > 1
        for name in ("shots", "backbone", "budget_seconds", "suite")
    )
    return [
        " · ".join(
            part
            for part in (
                case.dataset,
                (f"{case.shots} shots" if case.shots else "all images") if shots else "",
                case.backbone if backbones else "",
                format_duration(case.budget_seconds) if budgets else "",
                case.suite if suites else "",
            )
            if part
        )
        for case in cases
    ]


def _result(grid: Grid, case: Case, label: str) -> CaseResult:
    blocks = [b for b, block in enumerate(grid.blocks) if block.case == case]
    rows = [row for b in blocks for row in grid.rows[b] if row is not None]
    means = _means(grid.credited[blocks])
    single = np.array([kind in SINGLE_KINDS for kind in grid.kinds]) & ~grid.failed[blocks].all(axis=0)
    candidates = np.where(single, means, np.nan)
    best = int(np.nanargmax(candidates)) if (~np.isnan(candidates)).any() else None
    return CaseResult(
        case=case,
        label=label,
        n_train=max(row.n_train for row in rows),
        n_classes=max(row.n_classes for row in rows),
        likeness=mean_likeness(rows),
        cells=_cells(grid, blocks),
        strategy=grid.entrants[best] if best is not None else "",
        family=_family(grid, blocks, best) if best is not None else "",
        best=float(means[best]) if best is not None else None,
    )


def _cells(grid: Grid, blocks: list[int]) -> tuple[Cell, ...]:
    tests, normalised = _means(grid.credited[blocks]), _means(grid.normalised[blocks])
    failures, seeds = grid.failed[blocks].sum(axis=0), grid.present[blocks].sum(axis=0)
    return tuple(
        Cell(
            entrant=entrant,
            test=float(tests[i]) if failures[i] < seeds[i] else None,
            normalised=float(normalised[i]),
            failures=int(failures[i]),
            seeds=int(seeds[i]),
        )
        for i, entrant in enumerate(grid.entrants)
        if seeds[i]
    )


def _means(values: Floats) -> Floats:
    count = (~np.isnan(values)).sum(axis=0)
    return np.where(count > 0, np.nan_to_num(values).sum(axis=0) / np.maximum(count, 1), np.nan)


def _family(grid: Grid, blocks: list[int], column: int) -> str:
    found = [row.family for b in blocks if (row := grid.rows[b][column]) is not None]
    return Counter(found).most_common(1)[0][0]
