"""Draw the figures of a leaderboard that have data."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from autotl.leaderboard.render.figures.budget import BudgetLine, budget_figure
from autotl.leaderboard.render.figures.cost import CostPoint, cost_figure
from autotl.leaderboard.render.figures.critical import critical_figure
from autotl.leaderboard.render.figures.heat import HeatCell, heat_figure
from autotl.leaderboard.render.figures.territory import WinningFamily, territory_figure
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.rows.cases import CaseResult, Cell
from autotl.report import WIDE

MAX_LINES = 60
"""The largest number of cases in the heat map; with more, it has a line for each data set."""


def draw_figures(found: Findings, *, width: float = WIDE) -> dict[str, str]:
    """Return the figures that have data, as SVG text by name.

    Args:
        found: The results.
        width: Width in pixels.
    """
    entrants = [each.entrant for each in found.board.standings]
    friedman = found.tests.friedman
    drawn = {
        "critical": critical_figure(
            friedman.ranks, friedman.groups, friedman.critical_difference, width=width
        )
        if friedman
        else "",
        "heat": heat_figure(
            _heat_lines(found), entrants, noun=heat_noun(found), measure=found.measure, width=width
        ),
        "territory": territory_figure(
            [
                WinningFamily(case.label, case.n_train, case.likeness, case.family, case.best)
                for case in found.cases
            ],
            measure=found.measure,
            width=width,
        ),
        "budget": budget_figure(
            [BudgetLine(each.entrant, each.kind, each.points) for each in found.selection.curves],
            measure=found.measure,
            width=width,
        )
        if found.selection
        else "",
        "cost": cost_figure(
            [
                CostPoint(each.entrant, each.kind, each.seconds_median, each.normalised, each.normalised_ci95)
                for each in found.board.standings
                if each.seconds_median is not None
            ],
            width=width,
        ),
    }
    return {name: svg for name, svg in drawn.items() if svg}


def heat_noun(found: Findings) -> str:
    """Return the noun for a row of the heat map.

    It is "case" or "data set".
    """
    return "case" if len(found.cases) <= MAX_LINES else "data set"


def _heat_lines(found: Findings) -> list[tuple[str, dict[str, HeatCell]]]:
    named: dict[str, list[CaseResult]] = {}
    for case in found.cases:
        named.setdefault(case.label if heat_noun(found) == "case" else case.case.dataset, []).append(case)
    return [(name, _mean_cells(cases)) for name, cases in named.items()]


def _mean_cells(cases: Sequence[CaseResult]) -> dict[str, HeatCell]:
    """Return the mean over cases of each entrant; a failure is credited with the score of guessing."""
    cells: dict[str, list[tuple[float, Cell]]] = {}
    for case in cases:
        for cell in case.cells:
            cells.setdefault(cell.entrant, []).append((1 / max(case.n_classes, 1), cell))
    return {
        entrant: HeatCell(
            fmean(guess if cell.test is None else cell.test for guess, cell in own)
            if any(cell.test is not None for _, cell in own)
            else None,
            fmean(cell.normalised for _, cell in own),
        )
        for entrant, own in cells.items()
    }
