"""Collect all results of a leaderboard.

The page, the Markdown and the JSON document are made from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autotl import jsonio
from autotl.leaderboard.render.metric_text import measure_of
from autotl.leaderboard.rows.cases import CaseResult, case_results
from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.additional import (
    AdaptationSummary,
    ContributionSummary,
    adaptation_summaries,
    contribution_summaries,
)
from autotl.leaderboard.stats.caveats import Caveats, caveats
from autotl.leaderboard.stats.selection import Selection, selection
from autotl.leaderboard.stats.selection_rules import Rule, rules
from autotl.leaderboard.stats.significance import Significance, compare_entrants
from autotl.leaderboard.stats.standings import Board, board_of
from autotl.leaderboard.stats.winners_curse import Labels
from autotl.report.metric_format import Measure


@dataclass(frozen=True, slots=True)
class Findings:
    """All results of a leaderboard.

    Attributes:
        board: The standings.
        tests: Significance tests.
        rules: Rules for choosing a strategy.
        selection: The comparison of searches; None if no other search than autotl's took part.
        cases: The results of each case.
        caveats: Failures, missing blocks and the origin of the rows.
        contributions: The contributions of additional images.
        adaptations: The adaptations to a place of use.
    """

    board: Board
    tests: Significance
    rules: tuple[Rule, ...]
    selection: Selection | None
    cases: tuple[CaseResult, ...]
    caveats: Caveats
    contributions: tuple[ContributionSummary, ...]
    adaptations: tuple[AdaptationSummary, ...]

    @property
    def measure(self) -> Measure:
        """The format of its scores."""
        return measure_of(self.board)


def findings(
    rows: Iterable[Row],
    *,
    seed: int = 0,
    pairwise: bool = True,
    labels: Mapping[str, Labels] | None = None,
) -> Findings:
    """Compute all results of rows.

    Args:
        rows: The rows.
        seed: Seed of the bootstrap.
        pairwise: Whether to test pairs and to compare searches.
        labels: True labels of the test images by the hash of their split, for the selection bias.

    Raises:
        BenchError: If the rows cannot be ranked (see :func:`pivot.make_grid`).
    """
    grid = make_grid(rows)
    return Findings(
        board=board_of(grid, seed=seed),
        tests=compare_entrants(grid, pairwise=pairwise),
        rules=rules(grid, seed=seed),
        selection=selection(grid, labels=labels, seed=seed) if pairwise else None,
        cases=case_results(grid),
        caveats=caveats(grid),
        contributions=contribution_summaries(grid),
        adaptations=adaptation_summaries(grid),
    )


def document(
    rows: Iterable[Row], *, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> dict[str, Any]:
    """Return all results as plain JSON data.

    Scores and differences are fractions, times are seconds, and unknown values are null.

    Args:
        rows: The rows.
        seed: Seed of the bootstrap.
        labels: True labels of the test images by the hash of their split, for the selection bias.

    Returns:
        An object with ``format``, ``board``, ``tests``, ``rules``, ``selection``, ``cases``, ``caveats``,
        ``contributions``, ``adaptations``.

    Raises:
        BenchError: If the rows cannot be ranked.
    """
    return {"format": jsonio.FORMAT, **jsonio.plain(findings(rows, seed=seed, labels=labels))}
