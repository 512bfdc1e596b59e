"""Everything a board says, collected once for every form of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autotl import jsonio
from autotl.leaderboard.board import Board, board_of
from autotl.leaderboard.cases import CaseResult, case_results
from autotl.leaderboard.caveats import Caveats, caveats
from autotl.leaderboard.grid import grid
from autotl.leaderboard.row import Row
from autotl.leaderboard.rules import Rule, rules
from autotl.leaderboard.significance import ToldApart, tell_apart


@dataclass(frozen=True, slots=True)
class Findings:
    """The board, what can be told apart, the rules, every case, and the caveats."""

    board: Board
    tests: ToldApart
    rules: tuple[Rule, ...]
    cases: tuple[CaseResult, ...]
    caveats: Caveats


def findings(rows: Iterable[Row], *, seed: int = 0, pairwise: bool = True) -> Findings:
    """What ``rows`` say, without tests of pairs where ``pairwise`` is false.

    Raises BenchError where they cannot be ranked (see :func:`grid.grid`).
    """
    laid = grid(rows)
    return Findings(
        board=board_of(laid, seed=seed),
        tests=tell_apart(laid, pairwise=pairwise),
        rules=rules(laid, seed=seed),
        cases=case_results(laid),
        caveats=caveats(laid),
    )


def document(rows: Iterable[Row], *, seed: int = 0) -> dict[str, Any]:
    """The same as plain data that JSON can hold; ``seed`` draws the bootstrap's resamples.

    Keys: ``format``, ``board``, ``tests``, ``rules``, ``cases``, ``caveats``; scores and differences are
    fractions, times seconds, null what was not measured.
    """
    return {"format": jsonio.FORMAT, **jsonio.plain(findings(rows, seed=seed))}
