"""Score rules for the choice of a strategy by their regret."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autotl import jsonio
from autotl.leaderboard.rows.filters import mean_likeness
from autotl.leaderboard.rows.pivot import SINGLE_KINDS, Block, Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval

# The thresholds of autotl.analysis.rule_of_thumb, which imports torch; a test holds the two together.
MANY_IMAGES, MANY_PER_CLASS, SIMILAR = 2000, 100, 0.5
"""Numbers of images, and of images per class, that are many, and the likeness from which data is similar."""

FAMILIES = ("as is", "frozen", "partly frozen", "fine-tuned", "scratch", "other")
"""Uses of the source's weights, in order of how much is trained."""

RULE_OF_THUMB = "size × similarity"
"""The name of the rule of thumb."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The results of a rule for choosing a strategy.

    Means are over cases. A failed choice is credited with the score of guessing.

    Attributes:
        name: Name of the rule.
        kind: "thumb" (rule of thumb), "always" (one family for all data) or "entrant" (autotl).
        blocks: Number of blocks in which the chosen family was measured.
        all_blocks: Number of blocks with a best strategy.
        accuracy: Fraction of blocks in which the rule chose the family of the best strategy.
        accuracy_ci95: Its 95 % interval; None with one data set.
        regret: Mean score of the best strategy minus that of the chosen one, as a fraction.
        regret_ci95: Its 95 % interval; None with one data set.
    """

    name: str
    kind: str
    blocks: int
    all_blocks: int = field(metadata={jsonio.KEY: "of"})
    accuracy: float = field(metadata={jsonio.KEY: "right"})
    accuracy_ci95: Interval | None = field(metadata={jsonio.KEY: "right_ci95"})
    regret: float
    regret_ci95: Interval | None


@dataclass(frozen=True, slots=True)
class _BlockRows:
    """A block as a rule sees it, with the answer.

    Attributes:
        block: The block.
        rows: Its rows by column.
        best: The families of the best strategies; more than one if they tie.
    """

    block: Block
    rows: Mapping[int, Row]
    best: frozenset[str]


Choose = Callable[[_BlockRows], int | None]
"""Returns the column of the chosen entrant; None if the rule does not apply."""


def rules(grid: Grid, *, seed: int = 0) -> tuple[Rule, ...]:
    """Score the rule of thumb, constant families, and autotl.

    The smallest regret is first.

    The rule of a family uses its strategy with the best validation score in the block. Blocks without a
    scored single strategy do not count. The constant choice of a strategy has its own standing.

    Args:
        grid: The rows.
        seed: Seed of the bootstrap.
    """
    blocks = [
        _BlockRows(block, {i: row for i, row in enumerate(line) if row is not None}, _best_families(grid, b))
        for b, (block, line) in enumerate(zip(grid.blocks, grid.rows, strict=True))
    ]
    named = _named_rules(grid, blocks)
    columns = [_apply(grid, blocks, choose) for _, _, choose in named]
    values = np.hstack([np.array(column) for column in columns])
    means = bootstrap.case_means(grid.blocks, values)
    ci95 = bootstrap.intervals(grid.blocks, values, seed=seed)
    found = []
    for index, (name, kind, _) in enumerate(named):
        accuracy, regret = means[2 * index], means[2 * index + 1]
        if accuracy is None or regret is None:
            continue
        found.append(
            Rule(
                name=name,
                kind=kind,
                blocks=int((~np.isnan(values[:, 2 * index])).sum()),
                all_blocks=sum(bool(each.best) for each in blocks),
                accuracy=accuracy,
                accuracy_ci95=ci95[2 * index],
                regret=regret,
                regret_ci95=ci95[2 * index + 1],
            )
        )
    return tuple(sorted(found, key=lambda rule: (rule.regret, rule.name)))


def suggested_families(
    *, n_train: int, shots: int, n_classes: int, likeness: float | None
) -> tuple[str, ...]:
    """Return the families that the size-and-similarity rule suggests, best first.

    The rule is from Stanford CS231n, "Transfer Learning". With little data that is similar to the source,
    train a classifier on frozen features. With little data that is different, train the later stages. With
    much data, fine-tune.

    Args:
        n_train: Number of training images.
        shots: Training images per class; 0 if unknown, in which case the mean is used.
        n_classes: Number of classes.
        likeness: Similarity to the source data, in [0, 1]; None if unknown.
    """
    few = n_train < MANY_IMAGES or (shots or n_train // max(n_classes, 1)) < MANY_PER_CLASS
    if few and (likeness is None or likeness >= SIMILAR):
        return ("frozen",)
    return ("partly frozen", "fine-tuned") if few else ("fine-tuned",)


def _named_rules(grid: Grid, blocks: Sequence[_BlockRows]) -> list[tuple[str, str, Choose]]:
    """Return name, kind and function of each rule."""
    measured = {row.family for each in blocks for row in each.rows.values() if row.kind in SINGLE_KINDS}
    named: list[tuple[str, str, Choose]] = [(RULE_OF_THUMB, "thumb", _rule_of_thumb)]
    named += [(family, "always", _always(family)) for family in FAMILIES if family in measured]
    named += [
        (name, "entrant", _entrant(i)) for i, name in enumerate(grid.entrants) if grid.kinds[i] == "autotl"
    ]
    return named


def _best_families(grid: Grid, block: int) -> frozenset[str]:
    line = zip(grid.rows[block], grid.test[block], strict=True)
    return frozenset(
        row.family
        for row, test in line
        if row is not None and row.kind in SINGLE_KINDS and test == grid.oracle[block]
    )


def _rule_of_thumb(block: _BlockRows) -> int | None:
    rows = list(block.rows.values())
    families = suggested_families(
        n_train=max(row.n_train for row in rows),
        shots=block.block.case.shots,
        n_classes=max(row.n_classes for row in rows),
        likeness=mean_likeness(rows),
    )
    return next((found for family in families if (found := _always(family)(block)) is not None), None)


def _always(family: str) -> Choose:
    def choose(block: _BlockRows) -> int | None:
        of_family = {
            i: row for i, row in block.rows.items() if row.kind in SINGLE_KINDS and row.family == family
        }
        return max(of_family, key=lambda i: _validation_score(of_family[i]), default=None)

    return choose


def _entrant(column: int) -> Choose:
    return lambda block: column if column in block.rows else None


def _validation_score(row: Row) -> float:
    return row.val if has_score(row) and row.val is not None else -math.inf


def _apply(grid: Grid, blocks: Sequence[_BlockRows], choose: Choose) -> list[tuple[float, float]]:
    """Return correctness (1 or 0) and regret of the choice in each block; NaN if the block does not count."""
    found = []
    for b, block in enumerate(blocks):
        chosen = choose(block) if block.best else None
        if chosen is None:
            found.append((math.nan, math.nan))
        else:
            correct = has_score(block.rows[chosen]) and block.rows[chosen].family in block.best
            found.append((float(correct), float(grid.regret[b, chosen])))
    return found
