"""Rules for choosing a strategy, scored against what was measured to be best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from autotl.leaderboard.rows.filters import likeness_of
from autotl.leaderboard.rows.pivot import SINGLE, Block, Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval

# The thresholds of autotl.analysis.rule_of_thumb, which brings torch along; a test holds the two together.
SMALL, PER_CLASS, SIMILAR = 2000, 100, 0.5

FAMILIES = ("as is", "frozen", "partly frozen", "fine-tuned", "scratch", "other")
"""What a strategy may do with the source's weights, in order of how much it trains."""

THUMB = "size × similarity"
"""The name of the rule of thumb among the rules."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How often a way of choosing names the right family, and what its choice costs.

    ``kind`` is "thumb" for the rule of thumb, "always" for one family whatever the data, "entrant" for
    autotl. ``blocks`` counts those in which the chosen family was measured, of all ``of`` blocks with a best
    strategy. ``right`` is the share of them in which it is the family of the best single strategy; ``regret``
    what that strategy scored more on the test images, a fraction. Both are means over cases; a failed choice
    is credited with guessing.
    """

    name: str
    kind: str
    blocks: int
    of: int
    right: float
    right_ci95: Interval | None
    regret: float
    regret_ci95: Interval | None


@dataclass(frozen=True, slots=True)
class _Block:
    """What a rule may look at (``where``, ``rows``), and the answer (``best`` families)."""

    where: Block
    rows: Mapping[int, Row]
    best: frozenset[str]


Choose = Callable[[_Block], int | None]


def rules(laid: Grid, *, seed: int = 0) -> tuple[Rule, ...]:
    """The rule of thumb, every family always, and autotl; the smallest regret first.

    A family stands for its strategy with the best validation score in the block, as a user would choose.
    Blocks without a single strategy's score do not count. "Always one strategy" is that strategy's own
    standing on the board.
    """
    blocks = [
        _Block(where, {i: row for i, row in enumerate(line) if row is not None}, _winning(laid, b))
        for b, (where, line) in enumerate(zip(laid.blocks, laid.rows, strict=True))
    ]
    measured = {row.family for each in blocks for row in each.rows.values() if row.kind in SINGLE}
    ways: list[tuple[str, str, Choose]] = [(THUMB, "thumb", _thumb)]
    ways += [(family, "always", _always(family)) for family in FAMILIES if family in measured]
    ways += [
        (name, "entrant", _entrant(i)) for i, name in enumerate(laid.entrants) if laid.kinds[i] == "autotl"
    ]
    columns = [_follow(laid, blocks, choose) for _, _, choose in ways]
    values = np.hstack([np.array([[right, regret] for right, regret in column]) for column in columns])
    means = bootstrap.case_means(laid.blocks, values)
    spread = bootstrap.intervals(laid.blocks, values, seed=seed)
    found = []
    for place, (name, kind, _) in enumerate(ways):
        right, regret = means[2 * place], means[2 * place + 1]
        if right is None or regret is None:
            continue
        found.append(
            Rule(
                name=name,
                kind=kind,
                blocks=int((~np.isnan(values[:, 2 * place])).sum()),
                of=sum(bool(each.best) for each in blocks),
                right=right,
                right_ci95=spread[2 * place],
                regret=regret,
                regret_ci95=spread[2 * place + 1],
            )
        )
    return tuple(sorted(found, key=lambda rule: (rule.regret, rule.name)))


def advised(*, n_train: int, shots: int, n_classes: int, likeness: float | None) -> tuple[str, ...]:
    """The families that the size-and-similarity rule suggests, the first one first.

    Stanford CS231n, "Transfer Learning": little data near the source, train on frozen features; little but
    far, train the later stages; much data, fine-tune. Without ``shots`` (0) the smallest class is taken to be
    as large as the mean one.
    """
    few = n_train < SMALL or (shots or n_train // max(n_classes, 1)) < PER_CLASS
    if few and (likeness is None or likeness >= SIMILAR):
        return ("frozen",)
    return ("partly frozen", "fine-tuned") if few else ("fine-tuned",)


def _winning(laid: Grid, block: int) -> frozenset[str]:
    """The families of the best single strategies of a block; several where they tie, none without scores."""
    line = zip(laid.rows[block], laid.test[block], strict=True)
    return frozenset(
        row.family
        for row, test in line
        if row is not None and row.kind in SINGLE and test == laid.oracle[block]
    )


def _thumb(block: _Block) -> int | None:
    rows = list(block.rows.values())
    families = advised(
        n_train=max(row.n_train for row in rows),
        shots=block.where.case.shots,
        n_classes=max(row.n_classes for row in rows),
        likeness=likeness_of(rows),
    )
    return next((found for family in families if (found := _always(family)(block)) is not None), None)


def _always(family: str) -> Choose:
    def choose(block: _Block) -> int | None:
        its = {i: row for i, row in block.rows.items() if row.kind in SINGLE and row.family == family}
        return max(its, key=lambda i: _validated(its[i]), default=None)

    return choose


def _entrant(column: int) -> Choose:
    return lambda block: column if column in block.rows else None


def _validated(row: Row) -> float:
    return row.val if has_score(row) and row.val is not None else -math.inf


def _follow(laid: Grid, blocks: Sequence[_Block], choose: Choose) -> list[tuple[float, float]]:
    """Whether a choice was right (1 or 0) and its regret, of every block; NaN where it does not count."""
    found = []
    for b, block in enumerate(blocks):
        chosen = choose(block) if block.best else None
        if chosen is None:
            found.append((math.nan, math.nan))
        else:
            right = has_score(block.rows[chosen]) and block.rows[chosen].family in block.best
            found.append((float(right), float(laid.regret[b, chosen])))
    return found
