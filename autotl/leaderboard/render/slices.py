"""Compute the leaderboards of the filters of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from autotl.leaderboard.render.findings import Findings, findings
from autotl.leaderboard.rows.filters import (
    DESCRIPTIONS,
    PAGE_FILTERS,
    BlockProperties,
    block_properties,
)
from autotl.leaderboard.rows.pivot import Block, block_of
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.winners_curse import Labels

MAX_SLICES = 40
"""The largest number of different parts on a page; choices of fewer filters come first."""

Choice = tuple[str | None, ...]
"""A value for every filter of a page; None for no filter."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The results of some rows, with the filters that select them."""

    choices: tuple[Choice, ...]
    findings: Findings


def page_filters(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Return the filters with several values, and their sorted values."""
    properties = block_properties(rows).values()
    values = {name: {getattr(each, name) for each in properties} for name in PAGE_FILTERS}
    return {
        name: tuple(sorted(found, key=_Order(tuple(DESCRIPTIONS.get(name, ())))))
        for name, found in values.items()
        if len(found) > 1
    }


def slices(
    rows: Sequence[Row], *, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> tuple[Slice, ...]:
    """Return the results of all rows, and then those of each part.

    The results of parts have no tests of pairs and no comparison of searches. Choices without blocks are left
    out, and parts beyond :data:`MAX_SLICES`.

    Args:
        rows: The rows.
        seed: Seed of the bootstrap.
        labels: True labels of the test images by the hash of their split, for the selection bias.
    """
    filters = page_filters(rows)
    properties = block_properties(rows)
    parts: dict[frozenset[Block], list[Choice]] = {}
    choices = sorted(
        product(*((None, *values) for values in filters.values())), key=lambda each: sum(map(bool, each))
    )
    for choice in choices:
        part = frozenset(block for block, found in properties.items() if _passes(found, filters, choice))
        if part and (part in parts or len(parts) < MAX_SLICES):
            parts.setdefault(part, []).append(choice)
    return tuple(
        Slice(
            tuple(chosen),
            findings(
                (row for row in rows if block_of(row) in part), seed=seed, pairwise=index == 0, labels=labels
            ),
        )
        for index, (part, chosen) in enumerate(parts.items())
    )


def _passes(found: BlockProperties, filters: Mapping[str, tuple[str, ...]], choice: Choice) -> bool:
    return all(
        value is None or getattr(found, name) == value for name, value in zip(filters, choice, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort key of values: known values in order, then numbers, then other values by name."""

    known: tuple[str, ...]

    def __call__(self, value: str) -> tuple[int, float, str]:
        if value in self.known:
            return 0, self.known.index(value), value
        try:
            return 1, float(value), value
        except ValueError:
            return 2, 0.0, value
