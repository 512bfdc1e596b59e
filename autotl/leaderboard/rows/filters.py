"""Filter the rows of a benchmark.

Filters are size, distance to the source, backbone, shots, budget, suite, data set and entrant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autotl.clock import format_duration, parse_duration
from autotl.errors import BenchError, BudgetError, UnknownName
from autotl.leaderboard.rows.pivot import Block, block_of, rows_by_block
from autotl.leaderboard.rows.row import Row

SIZES = {"tiny": 200, "small": 1000, "medium": 5000}
"""Numbers of training images below which a block has each size; larger ones are "large"."""

NEAR_LIKENESS, FAR_LIKENESS = 0.66, 0.33
"""Likeness from which a block is near its backbone's source, and below which it is far from it."""

DESCRIPTIONS: Mapping[str, Mapping[str, str]] = {
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
"""Descriptions of sizes and distances, in order."""

PAGE_FILTERS = ("size", "distance", "backbone", "shots", "budget", "suite")
"""The filters of a page."""

FILTERS = (*PAGE_FILTERS, "dataset", "entrant")
"""All filters of rows."""


@dataclass(frozen=True, slots=True)
class BlockProperties:
    """The properties of a block by which rows are filtered, as strings.

    Attributes:
        size: "tiny", "small", "medium" or "large".
        distance: "near", "middle", "far" or "unknown".
        backbone: Name of the backbone.
        shots: Training images per class, or "all".
        budget: Budget in seconds.
        dataset: Name of the data set.
        suite: Name of the suite.
    """

    size: str
    distance: str
    backbone: str
    shots: str
    budget: str
    dataset: str
    suite: str


def block_properties(rows: Iterable[Row]) -> dict[Block, BlockProperties]:
    """Return the properties of every block.

    Size and likeness are taken from the rows that know them: the row of a failure or a peer may not.
    """
    return {block: _properties(block, found) for block, found in rows_by_block(rows).items()}


def size_name(n_train: int) -> str:
    """Return the name of a size: "tiny", "small", "medium" or "large"."""
    return next((name for name, below in SIZES.items() if n_train < below), "large")


def distance_name(likeness: float | None) -> str:
    """Return the name of a distance: "near", "middle", "far" or "unknown"."""
    if likeness is None:
        return "unknown"
    return "near" if likeness >= NEAR_LIKENESS else "far" if likeness < FAR_LIKENESS else "middle"


def mean_likeness(rows: Iterable[Row]) -> float | None:
    """Return the mean likeness of the rows of a block or case.

    It is None if no row knows it.
    """
    known = [row.likeness for row in rows if row.likeness is not None]
    return sum(known) / len(known) if known else None


def describe(name: str, value: str) -> str:
    """Describe the value of a filter.

    Examples: "all images" for 0 shots, "1 min" for a budget of 60.
    """
    if name == "budget":
        return format_duration(float(value))
    if name == "shots":
        return "all images" if value == "all" else f"{value} per class"
    return DESCRIPTIONS.get(name, {}).get(value, value)


def filter_rows(rows: Iterable[Row], filters: Iterable[str]) -> list[Row]:
    """Return the rows that pass all filters.

    Args:
        rows: The rows.
        filters: Filters of the form NAME=VALUE, such as "size=small" or "dataset=flowers5". Several values of
            one name are alternatives. A budget may be a duration ("1m"), and shots "all" or 0.

    Raises:
        UnknownName: If there is no filter of a name, or no row with a value.
        BenchError: If a filter has another form, or no row passes.
    """
    rows = list(rows)
    properties = block_properties(rows)
    chosen: dict[str, set[str]] = {}
    for each in filters:
        name, value = _parse(each)
        known = (
            {row.entrant for row in rows}
            if name == "entrant"
            else {getattr(found, name) for found in properties.values()}
        )
        if value not in known:
            raise UnknownName(name, value, known)
        chosen.setdefault(name, set()).add(value)
    kept = [
        row for row in rows if all(_value(row, properties, name) in values for name, values in chosen.items())
    ]
    if not kept:
        combined = " and ".join(f"{name} {' or '.join(sorted(values))}" for name, values in chosen.items())
        raise BenchError(f"No row has {combined}. Remove a filter.")
    return kept


def _value(row: Row, properties: Mapping[Block, BlockProperties], name: str) -> str:
    return row.entrant if name == "entrant" else str(getattr(properties[block_of(row)], name))


def _properties(block: Block, rows: Sequence[Row]) -> BlockProperties:
    return BlockProperties(
        size=size_name(max(row.n_train for row in rows)),
        distance=distance_name(mean_likeness(rows)),
        backbone=block.case.backbone,
        shots=str(block.case.shots) if block.case.shots else "all",
        budget=f"{block.case.budget_seconds:g}",
        dataset=block.case.dataset,
        suite=block.case.suite,
    )


def _parse(text: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name or not value:
        raise BenchError(f"A filter must have the form KEY=VALUE (got {text!r}). Keys: {', '.join(FILTERS)}.")
    if name not in FILTERS:
        raise UnknownName("filter", name, FILTERS)
    if name == "budget":
        try:
            value = f"{parse_duration(value):g}"
        except BudgetError as error:
            raise BenchError(f"The filter {text!r}: {error}") from error
    return name, "all" if (name, value) == ("shots", "0") else value
