"""Boards of parts of the rows, made beforehand for every choice of filters that a page offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from autotl.leaderboard.render.findings import Findings, findings
from autotl.leaderboard.rows.filters import BAR, WORDS, Facets, facets
from autotl.leaderboard.rows.pivot import Block, block_of
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.winners_curse import Labels

MOST = 40
"""Different parts that one page holds; choices of fewer filters come first."""

Choice = tuple[str | None, ...]
"""A value for every offered facet, or None for all of it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The findings of one part of the rows, and all choices of filters that select exactly it."""

    choices: tuple[Choice, ...]
    findings: Findings


def offered(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """The facets that differ among the rows, with their values in order."""
    every = facets(rows).values()
    values = {key: {getattr(each, key) for each in every} for key in BAR}
    return {key: tuple(sorted(found, key=_order(key))) for key, found in values.items() if len(found) > 1}


def slices(
    rows: Sequence[Row], *, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> tuple[Slice, ...]:
    """The whole first, then its parts, those without tests of pairs and without selection.

    Choices that no block meets are left out, and parts beyond :data:`MOST`.
    """
    offers = offered(rows)
    every = facets(rows)
    parts: dict[frozenset[Block], list[Choice]] = {}
    choices = sorted(
        product(*((None, *values) for values in offers.values())), key=lambda each: sum(map(bool, each))
    )
    for choice in choices:
        part = frozenset(block for block, found in every.items() if _meets(found, offers, choice))
        if part and (part in parts or len(parts) < MOST):
            parts.setdefault(part, []).append(choice)
    return tuple(
        Slice(
            tuple(chosen),
            findings(
                (row for row in rows if block_of(row) in part), seed=seed, pairwise=place == 0, labels=labels
            ),
        )
        for place, (part, chosen) in enumerate(parts.items())
    )


def _meets(found: Facets, offers: Mapping[str, tuple[str, ...]], choice: Choice) -> bool:
    return all(
        value is None or getattr(found, key) == value for key, value in zip(offers, choice, strict=True)
    )


def _order(key: str) -> _Order:
    return _Order(tuple(WORDS.get(key, ())))


@dataclass(frozen=True, slots=True)
class _Order:
    """Sorts values: by a known order, numbers by size, "all" after them, anything else by name."""

    known: tuple[str, ...]

    def __call__(self, value: str) -> tuple[int, float, str]:
        if value in self.known:
            return 0, self.known.index(value), value
        try:
            return 1, float(value), value
        except ValueError:
            return 2, 0.0, value
