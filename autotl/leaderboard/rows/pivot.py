"""Rows laid out as blocks × entrants: who was measured where, and what that is worth inside its block."""

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

Floats = NDArray[np.float64]
T = TypeVar("T")

SINGLE = ("strategy", "default")
"""The kinds of entrants that are one strategy on its own; the best of them is a block's oracle."""

_KINDS = ("autotl", "selector", "strategy", "default", "peer")
_DIGITS = 12  # scores that differ by less are ties: they are shares of the same test images


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """What was asked of every entrant: a data set, so many shots of it (0: all), a backbone, a budget."""

    dataset: str
    shots: int
    backbone: str
    budget_seconds: float


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """A case with a seed: the smallest unit in which entrants are compared."""

    case: Case
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Blocks × entrants. NaN stands where an entrant did not run in a block.

    ``test`` is also NaN where a row failed; in ``credited`` such a row has what guessing would: one in so
    many classes, which a user can always do. ``rank`` counts from 1, ties share the mean of their places,
    failed rows share the last ones. ``normalised`` is 1 for the best score of the block, 0 for the worst and
    for a failed row. ``oracle`` (blocks) is the best score of a single strategy, NaN where none has one, and
    ``regret`` is oracle − credited.
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
        """Which blocks (blocks,) every entrant ran in."""
        return np.asarray(self.present.all(axis=1), dtype=np.bool_)


def block_of(row: Row) -> Block:
    """The block that ``row`` was measured in."""
    return Block(Case(row.dataset, row.shots, row.backbone, row.budget_seconds), row.seed)


def has_score(row: Row | None) -> bool:
    """Whether ``row`` ended with a test score."""
    return row is not None and row.status == "ok" and row.test is not None and math.isfinite(row.test)


def by_block(rows: Iterable[Row]) -> dict[Block, list[Row]]:
    """The rows of every block, blocks in order. Raises BenchError where there is none."""
    found: dict[Block, list[Row]] = {}
    for row in rows:
        found.setdefault(block_of(row), []).append(row)
    if not found:
        raise BenchError("There are no rows to rank. Give at least one result of a benchmark.")
    return dict(sorted(found.items()))


def grid(rows: Iterable[Row]) -> Grid:
    """Lay out ``rows``; entrants are autotl, other searches, strategies, defaults and peers, each by name.

    Raises BenchError without rows, where a block holds an entrant twice, and where rows of one block were
    measured on different images or by different metrics: their scores say nothing about each other.
    """
    blocks = by_block(rows)
    kinds: dict[str, str] = {}
    for found in blocks.values():
        _check(found)
        kinds.update({row.entrant: row.kind for row in found})
    entrants = sorted(kinds, key=lambda name: (_KINDS.index(kinds[name]), name))
    table = [
        [{row.entrant: row for row in found}.get(name) for name in entrants] for found in blocks.values()
    ]
    single = np.array([kinds[name] in SINGLE for name in entrants])
    chance = np.array([[_chance(found)] for found in blocks.values()])

    present = np.array([[row is not None for row in line] for line in table])
    test = np.array([[_score(row) for row in line] for line in table]).round(_DIGITS)
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
    """Places of every line's scores, the highest first, from 1; ties share the mean place, NaN stays NaN."""
    mine, others = scores[:, :, None], scores[:, None, :]
    place = (others > mine).sum(axis=2) + ((others == mine).sum(axis=2) + 1) / 2
    return np.where(np.isnan(scores), np.nan, place)


def highest(scores: Floats) -> Floats:
    """The highest score of every line, NaN where a line has none."""
    best = np.where(np.isnan(scores), -np.inf, scores).max(axis=1)
    return np.where(np.isneginf(best), np.nan, best)


def distinct(blocks: Sequence[Block], what: Callable[[Block], T]) -> tuple[list[T], NDArray[np.int64]]:
    """The different values of ``what`` over the blocks, and the place of every block's among them."""
    places: dict[T, int] = {}
    index = [places.setdefault(what(block), len(places)) for block in blocks]
    return list(places), np.array(index, dtype=np.int64)


def _score(row: Row | None) -> float:
    return float(row.test) if row is not None and row.test is not None and has_score(row) else math.nan


def _chance(found: Sequence[Row]) -> float:
    classes = max(row.n_classes for row in found)
    named = found[0].metric
    if named in METRICS and classes:
        return METRICS[named].chance_level(classes)[0]
    return 1 / classes if classes else 0.0


def _normalised(test: Floats, failed: NDArray[np.bool_]) -> Floats:
    best, worst = highest(test)[:, None], -highest(-test)[:, None]
    width = best - worst
    share = np.where(width > 0, (test - worst) / np.where(width > 0, width, 1.0), 1.0)
    share[np.isnan(test)] = np.nan
    return np.where(failed, 0.0, share)


def _check(found: Sequence[Row]) -> None:
    first = found[0]
    where = f"on {first.dataset} with {first.backbone}, seed {first.seed}"
    names = [row.entrant for row in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BenchError(
            f"{', '.join(twice)} was measured twice {where}. Give the rows of one benchmark, each once."
        )
    scored = [row for row in found if has_score(row)]
    for what, values in (
        ("test images", {row.split for row in scored}),
        ("metrics", {row.metric for row in scored}),
    ):
        if len(values) > 1:
            raise BenchError(
                f"The rows {where} were measured on different {what} ({', '.join(sorted(values))}), so they "
                "cannot be compared. Measure them on the same."
            )
