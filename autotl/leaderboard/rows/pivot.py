"""Arrange rows in a grid of blocks × entrants.

Scores are compared within each block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from autotl.errors import BenchError
from autotl.leaderboard.rows.row import Row
from autotl.metrics import METRICS
from autotl.targets import chance_level

Floats = NDArray[np.float64]
T = TypeVar("T")

SINGLE_KINDS = ("strategy", "default")
"""The kinds of entrants that use one strategy; the best of them is a block's oracle."""

_KIND_ORDER = ("autotl", "selector", "strategy", "default", "peer")
_DIGITS = 12  # smaller differences are ties: scores are fractions of the same test images


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """The task of an entrant.

    Attributes:
        dataset: Name of the data set.
        shots: Training images per class; 0 for all.
        backbone: Name of the backbone.
        budget_seconds: Time budget.
        suite: Name of the suite; suites are never compared in one case.
    """

    dataset: str
    shots: int
    backbone: str
    budget_seconds: float
    suite: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A case with a seed, in which entrants are compared."""

    case: Case
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The rows of a benchmark as blocks × entrants.

    An array is NaN where an entrant did not run in a block.

    Attributes:
        entrants: Names of the entrants.
        kinds: Their kinds.
        blocks: The blocks.
        rows: The row of each block and entrant; None if it did not run.
        present: Whether an entrant ran in a block, (blocks, entrants).
        failed: Whether it failed, (blocks, entrants).
        test: Test scores, NaN for failures, (blocks, entrants).
        credited: Test scores, with the score of guessing for failures, (blocks, entrants). It is the lowest
            score of the block instead if images have labels or numbers.
        rank: Ranks from 1; ties share the mean rank, failures the last ranks, (blocks, entrants).
        normalised: 1 for the best score of a block, 0 for the worst and for failures, (blocks, entrants).
        oracle: Best score of a single strategy, NaN if there is none, (blocks,).
        regret: Oracle minus credited score, (blocks, entrants).
    """

    entrants: tuple[str, ...]
    kinds: tuple[str, ...]
    blocks: tuple[Block, ...]
    rows: tuple[tuple[Row | None, ...], ...]
    present: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    test: Floats
    credited: Floats
    rank: Floats
    normalised: Floats
    oracle: Floats
    regret: Floats

    def common(self) -> NDArray[np.bool_]:
        """Return which blocks every entrant ran in, (blocks,)."""
        return np.asarray(self.present.all(axis=1), dtype=np.bool_)


def block_of(row: Row) -> Block:
    """Return the block of a row."""
    return Block(Case(row.dataset, row.shots, row.backbone, row.budget_seconds, row.suite), row.seed)


def has_score(row: Row | None) -> bool:
    """Whether a row has a finite test score."""
    return row is not None and row.status == "ok" and row.test is not None and math.isfinite(row.test)


def rows_by_block(rows: Iterable[Row]) -> dict[Block, list[Row]]:
    """Group rows by block, in order. Raises BenchError if there are none."""
    found: dict[Block, list[Row]] = {}
    for row in rows:
        found.setdefault(block_of(row), []).append(row)
    if not found:
        raise BenchError("There are no rows to rank. Give at least one row of a benchmark.")
    return dict(sorted(found.items()))


def make_grid(rows: Iterable[Row]) -> Grid:
    """Arrange rows in a grid.

    Entrants are sorted by kind (autotl, other searches, strategies, defaults, peers) and name.

    Raises:
        BenchError: If there are no rows, a block has an entrant twice, or rows of a block have different test
            images, metrics or image sizes.
    """
    blocks = rows_by_block(rows)
    kinds: dict[str, str] = {}
    for found in blocks.values():
        _check(found)
        kinds.update({row.entrant: row.kind for row in found})
    entrants = sorted(kinds, key=lambda name: (_KIND_ORDER.index(kinds[name]), name))
    table = [
        [{row.entrant: row for row in found}.get(name) for name in entrants] for found in blocks.values()
    ]
    single = np.array([kinds[name] in SINGLE_KINDS for name in entrants])
    present = np.array([[row is not None for row in line] for line in table])
    test = np.array([[_score(row) for row in line] for line in table]).round(_DIGITS)
    chance = np.array([[_chance(found)] for found in blocks.values()])
    failed = present & np.isnan(test)
    credited = np.where(failed, chance, test)
    oracle = highest(np.where(single, test, np.nan))
    return Grid(
        entrants=tuple(entrants),
        kinds=tuple(kinds[name] for name in entrants),
        blocks=tuple(blocks),
        rows=tuple(map(tuple, table)),
        present=present,
        failed=failed,
        test=test,
        credited=credited,
        rank=ranks(np.where(failed, -np.inf, test)),
        normalised=_normalised(test, failed),
        oracle=oracle,
        regret=oracle[:, None] - credited,
    )


def ranks(scores: Floats) -> Floats:
    """Rank the scores of each row from 1, highest first.

    Ties share the mean rank; NaN stays NaN.
    """
    own, others = scores[:, :, None], scores[:, None, :]
    rank = (others > own).sum(axis=2) + ((others == own).sum(axis=2) + 1) / 2
    return np.where(np.isnan(scores), np.nan, rank)


def highest(scores: Floats) -> Floats:
    """Return the highest score of each row, NaN if it has none."""
    best = np.where(np.isnan(scores), -np.inf, scores).max(axis=1)
    return np.where(np.isneginf(best), np.nan, best)


def unique_index(blocks: Sequence[Block], key: Callable[[Block], T]) -> tuple[list[T], NDArray[np.int64]]:
    """Return the distinct keys of blocks, and each block's index.

    The index of a block is that of its key among the distinct keys.
    """
    positions: dict[T, int] = {}
    index = [positions.setdefault(key(block), len(positions)) for block in blocks]
    return list(positions), np.array(index, dtype=np.int64)


def _score(row: Row | None) -> float:
    return float(row.test) if row is not None and row.test is not None and has_score(row) else math.nan


def _chance(found: Sequence[Row]) -> float:
    """Return the score of guessing; of labels and numbers, whose rows do not tell it, the lowest score."""
    if found[0].target != "single_label":
        return min((score for row in found if not math.isnan(score := _score(row))), default=0.0)
    classes = max(row.n_classes for row in found)
    metric = found[0].metric
    if metric in METRICS and classes:
        return chance_level(METRICS[metric], classes)[0]
    return 1 / classes if classes else 0.0


def _normalised(test: Floats, failed: NDArray[np.bool_]) -> Floats:
    best, worst = highest(test)[:, None], -highest(-test)[:, None]
    width = best - worst
    fraction = np.where(width > 0, (test - worst) / np.where(width > 0, width, 1.0), 1.0)
    fraction[np.isnan(test)] = np.nan
    return np.where(failed, 0.0, fraction)


def _image_sizes(scored: Sequence[Row]) -> set[str]:
    """Return the image sizes that suites set for these rows, in words.

    Rows of older versions do not keep the size that was set: their own size stands for it.
    """
    if not any(row.image_size for row in scored):
        return set()
    sizes = {row.image_side if row.image_size is None else row.image_size for row in scored}
    return {f"{size} px" if size else "free" for size in sizes}


def _check(found: Sequence[Row]) -> None:
    first = found[0]
    where = f"on {first.dataset} with {first.backbone}, seed {first.seed}"
    names = [row.entrant for row in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BenchError(f"{', '.join(twice)} was measured twice {where}. Give each row once.")
    scored = [row for row in found if has_score(row)]
    for what, values in (
        ("test images", {row.split for row in scored}),
        ("metrics", {row.metric for row in scored}),
        ("image sizes", _image_sizes(scored)),
    ):
        if len(values) > 1:
            raise BenchError(
                f"The rows {where} must have the same {what} (got {', '.join(sorted(values))}). "
                "Leave out rows that differ."
            )
