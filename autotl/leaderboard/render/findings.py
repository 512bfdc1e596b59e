"""Everything a board says, collected once for every form of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from autotl import jsonio
from autotl.leaderboard.render.units import scale
from autotl.leaderboard.rows.cases import CaseResult, case_results
from autotl.leaderboard.rows.pivot import grid
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.caveats import Caveats, caveats
from autotl.leaderboard.stats.selection import Selection, selection
from autotl.leaderboard.stats.selection_rules import Rule, rules
from autotl.leaderboard.stats.significance import ToldApart, tell_apart
from autotl.leaderboard.stats.standings import Board, board_of
from autotl.leaderboard.stats.winners_curse import Labels
from autotl.report.metric_format import Measure


@dataclass(frozen=True, slots=True)
class Findings:
    """The board, what can be told apart, the rules, what selecting is worth (None where no other search than
    autotl's took part), every case, and the caveats.
    """

    board: Board
    tests: ToldApart
    rules: tuple[Rule, ...]
    selection: Selection | None
    cases: tuple[CaseResult, ...]
    caveats: Caveats

    @property
    def measure(self) -> Measure:
        """How its scores are told."""
        return scale(self.board)


def findings(
    rows: Iterable[Row],
    *,
    seed: int = 0,
    pairwise: bool = True,
    labels: Mapping[str, Labels] | None = None,
) -> Findings:
    """What ``rows`` say, without tests of pairs and selection where ``pairwise`` is false.

    ``labels`` are as for :func:`selection.selection`.

    Raises BenchError where they cannot be ranked (see :func:`grid.grid`).
    """
    laid = grid(rows)
    return Findings(
        board=board_of(laid, seed=seed),
        tests=tell_apart(laid, pairwise=pairwise),
        rules=rules(laid, seed=seed),
        selection=selection(laid, labels=labels, seed=seed) if pairwise else None,
        cases=case_results(laid),
        caveats=caveats(laid),
    )


def document(
    rows: Iterable[Row], *, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> dict[str, Any]:
    """The same as plain data that JSON can hold; ``seed`` draws the bootstrap's resamples.

    Keys: ``format``, ``board``, ``tests``, ``rules``, ``selection``, ``cases``, ``caveats``; scores and
    differences are fractions, times seconds, null what was not measured.
    """
    return {"format": jsonio.FORMAT, **jsonio.plain(findings(rows, seed=seed, labels=labels))}
