"""Pick the figures that the findings have numbers for."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from autotl.leaderboard.render.figures.budget import Spread, budget
from autotl.leaderboard.render.figures.cost import Spent, cost
from autotl.leaderboard.render.figures.critical import critical
from autotl.leaderboard.render.figures.heat import HeatCell, heat
from autotl.leaderboard.render.figures.territory import Won, territory
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.rows.cases import CaseResult, Cell
from autotl.report import WIDE

MOST_LINES = 60
"""Cases beyond which the heat map has a line per data set."""


def drawings(found: Findings, *, width: float = WIDE) -> dict[str, str]:
    """The figures of a board as SVG text by name; those without numbers are absent."""
    order = [each.entrant for each in found.board.standings]
    together = found.tests.together
    shown = {
        "critical": critical(together.ranks, together.groups, together.critical_difference, width=width)
        if together
        else "",
        "heat": heat(_lines(found), order, noun=heat_noun(found), measure=found.measure, width=width),
        "territory": territory(
            [Won(case.label, case.n_train, case.likeness, case.family, case.best) for case in found.cases],
            measure=found.measure,
            width=width,
        ),
        "budget": budget(
            [Spread(each.entrant, each.kind, each.points) for each in found.selection.curves],
            measure=found.measure,
            width=width,
        )
        if found.selection
        else "",
        "cost": cost(
            [
                Spent(each.entrant, each.kind, each.seconds_median, each.normalised, each.normalised_ci95)
                for each in found.board.standings
                if each.seconds_median is not None
            ],
            width=width,
        ),
    }
    return {name: drawn for name, drawn in shown.items() if drawn}


def heat_noun(found: Findings) -> str:
    """What a line of the heat map is: a "case", or a "data set" where there are more than it can hold."""
    return "case" if len(found.cases) <= MOST_LINES else "data set"


def _lines(found: Findings) -> list[tuple[str, dict[str, HeatCell]]]:
    """The heat map's lines: cases, or data sets with the means of their cases where there are many."""
    named: dict[str, list[CaseResult]] = {}
    for case in found.cases:
        named.setdefault(case.label if heat_noun(found) == "case" else case.case.dataset, []).append(case)
    return [(name, _mean_cells(cases)) for name, cases in named.items()]


def _mean_cells(cases: Sequence[CaseResult]) -> dict[str, HeatCell]:
    cells: dict[str, list[tuple[float, Cell]]] = {}
    for case in cases:
        for cell in case.cells:
            cells.setdefault(cell.entrant, []).append((1 / max(case.n_classes, 1), cell))
    return {
        entrant: HeatCell(
            fmean(guessed if cell.test is None else cell.test for guessed, cell in its)
            if any(cell.test is not None for _, cell in its)
            else None,
            fmean(cell.normalised for _, cell in its),
        )
        for entrant, its in cells.items()
    }
