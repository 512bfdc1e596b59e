"""Parts of a benchmark: by size, by distance to the source, by backbone, shots, budget or data set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autotl.clock import format_duration, parse_duration
from autotl.errors import BenchError, BudgetError, UnknownName
from autotl.leaderboard.rows.pivot import Block, block_of, by_block
from autotl.leaderboard.rows.row import Row

SIZES = {"tiny": 200, "small": 1000, "medium": 5000}
"""Training images below which a block is of that size; the rest is "large"."""

NEAR, FAR = 0.66, 0.33
"""Likeness from which a block is near its backbone's source, and below which it is far from it."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {
        "tiny": "tiny: under 200 images",
        "small": "small: 200 to 999",
        "medium": "medium: 1,000 to 4,999",
        "large": "large: 5,000 or more",
    },
    "distance": {
        "near": "near: likeness 0.66 or more",
        "middle": "middle: 0.33 to 0.66",
        "far": "far: under 0.33",
        "unknown": "unknown likeness",
    },
}
"""What the names of sizes and distances mean, in order."""

BAR = ("size", "distance", "backbone", "shots", "budget")
"""The facets that a page offers as filters."""

KEYS = (*BAR, "dataset", "entrant")
"""The facets that rows can be filtered by."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What kind of block it is: each value as a filter names it."""

    size: str
    distance: str
    backbone: str
    shots: str
    budget: str
    dataset: str


def facets(rows: Iterable[Row]) -> dict[Block, Facets]:
    """The facets of every block.

    Size and likeness are those that any row of the block tells: a failed row, or a peer's, may not know them,
    and belongs to the block all the same.
    """
    return {block: _facets(block, found) for block, found in by_block(rows).items()}


def size(n_train: int) -> str:
    """The name of a size: "tiny", "small", "medium" or "large"."""
    return next((name for name, below in SIZES.items() if n_train < below), "large")


def distance(likeness: float | None) -> str:
    """The name of a distance: "near", "middle", "far" or "unknown"."""
    if likeness is None:
        return "unknown"
    return "near" if likeness >= NEAR else "far" if likeness < FAR else "middle"


def likeness_of(rows: Iterable[Row]) -> float | None:
    """The likeness that the rows of one block or case tell: the mean of those that know it."""
    known = [row.likeness for row in rows if row.likeness is not None]
    return sum(known) / len(known) if known else None


def words(key: str, value: str) -> str:
    """A facet's value as people read it: "all images" for 0 shots, "1 min" for a budget of 60."""
    if key == "budget":
        return format_duration(float(value))
    if key == "shots":
        return "all images" if value == "all" else f"{value} per class"
    return WORDS.get(key, {}).get(value, value)


def where(rows: Iterable[Row], filters: Iterable[str]) -> list[Row]:
    """The rows that pass all ``filters`` such as "size=small", "dataset=flowers5" or "budget=60".

    Several values of one key are alternatives. A budget may be written as a duration ("1m"), shots of 0 as
    "all". Raises UnknownName for a key or a value that no row has, BenchError for anything that is not
    KEY=VALUE, and where no row passes.
    """
    rows = list(rows)
    found = facets(rows)
    wanted: dict[str, set[str]] = {}
    for each in filters:
        key, value = _parse(each)
        known = (
            {row.entrant for row in rows} if key == "entrant" else {getattr(f, key) for f in found.values()}
        )
        if value not in known:
            raise UnknownName(key, value, known)
        wanted.setdefault(key, set()).add(value)
    kept = [row for row in rows if all(_value(row, found, key) in values for key, values in wanted.items())]
    if not kept:
        asked = " and ".join(f"{key} {' or '.join(sorted(values))}" for key, values in wanted.items())
        raise BenchError(f"No row has {asked} at once. Take a filter away.")
    return kept


def _value(row: Row, found: Mapping[Block, Facets], key: str) -> str:
    return row.entrant if key == "entrant" else str(getattr(found[block_of(row)], key))


def _facets(block: Block, rows: Sequence[Row]) -> Facets:
    return Facets(
        size=size(max(row.n_train for row in rows)),
        distance=distance(likeness_of(rows)),
        backbone=block.case.backbone,
        shots=_shots(block.case.shots),
        budget=f"{block.case.budget_seconds:g}",
        dataset=block.case.dataset,
    )


def _shots(shots: int) -> str:
    return str(shots) if shots else "all"


def _parse(text: str) -> tuple[str, str]:
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not key or not value:
        raise BenchError(f"The filter {text!r} is not of the form KEY=VALUE. Keys: {', '.join(KEYS)}.")
    if key not in KEYS:
        raise UnknownName("filter", key, KEYS)
    if key == "budget":
        try:
            value = f"{parse_duration(value):g}"
        except BudgetError as error:
            raise BenchError(f"The filter {text!r}: {error}") from error
    return key, "all" if (key, value) == ("shots", "0") else value
