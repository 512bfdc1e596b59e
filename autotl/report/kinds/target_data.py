"""Measure and describe the labels and numbers of the training images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autotl.api import TargetSpec
from autotl.evaluation.number_text import significant
from autotl.report import figures, format
from autotl.report.document.quality import NumberData, Quality
from autotl.report.section import Bar, Figure, Table

PAIRS = 12
"""Pairs of labels in a report, the most frequent ones."""
MOST_DRAWN = 6
"""Numbers that have figures."""
MOST_ROWS = 12
"""Labels up to which the page shows the table unfolded."""


def target_facts(target: TargetSpec, targets: Any) -> dict[str, Any] | None:
    """Return the facts of labels or numbers.

    Args:
        target: The kind of target.
        targets: Encoded targets of the training images, (n, k).

    Returns:
        The facts; None for single labels, or without targets.
    """
    if targets is None or target.kind == "single_label":
        return None
    if target.kind == "multi_label":
        return {"pairs": _pairs(target.names, targets), "per_image": float((targets > 0).sum(1).mean())}
    return {"numbers": [_number(name, targets[:, i]) for i, name in enumerate(target.names)]}


def _pairs(names: Sequence[str], targets: Any) -> list[tuple[str, str, int]]:
    together = (targets > 0).T.astype(int) @ (targets > 0).astype(int)
    found = [
        (names[i], names[j], int(together[i, j]))
        for i in range(len(names))
        for j in range(i)
        if together[i, j]
    ]
    return sorted(found, key=lambda pair: -pair[2])[:PAIRS]


def _number(name: str, values: Any) -> dict[str, Any]:
    import numpy as np  # a report is read without it

    bins = int(min(30, max(5, round(len(values) ** 0.5))))
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), bins=bins)
    low, median, high = (float(each) for each in np.quantile(values, (0, 0.5, 1)))
    return {
        "name": name,
        "min": low,
        "median": median,
        "max": high,
        "mean": float(values.mean()),
        "sd": float(values.std()),
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def sentences(quality: Quality) -> list[str]:
    """Describe labels per image, frequent pairs, and the range of each number."""
    facts, parts = quality.targets, []
    if facts.per_image is not None:
        parts.append(f"A training image has {facts.per_image:.2f} labels on average.")
    if facts.pairs:
        one, other, images = facts.pairs[0]
        parts.append(
            f"The labels {format.name(one)} and {format.name(other)} occur together most often, in "
            f"{format.count(images, 'training image')}."
        )
    return parts + [_range(each) for each in facts.numbers]


def _range(each: NumberData) -> str:
    if each.min is None or each.max is None or each.mean is None or each.sd is None:
        return ""
    if each.min == each.max:
        return f"{format.name(each.name)} is {significant(each.min)} for each training image."
    return (
        f"{format.name(each.name)} is between {significant(each.min)} and {significant(each.max)} in the "
        f"training images (mean {significant(each.mean)}, standard deviation {significant(each.sd)})."
    )


def tables(quality: Quality) -> tuple[Table, ...]:
    """Return the most frequent pairs of labels."""
    pairs = quality.targets.pairs
    largest = max((images for _, _, images in pairs), default=1)
    rows = tuple(
        (format.name(one), format.name(other), Bar(f"{images:,}", images / largest))
        for one, other, images in pairs
    )
    headings = ("label", "with", "images")
    return (Table(headings, rows, frozenset({2}), title="Labels that occur together", place="beside"),)


def drawings(quality: Quality) -> tuple[Figure, ...]:
    """Return the histogram of each number."""
    found = []
    for index, each in enumerate(quality.targets.numbers[:MOST_DRAWN]):
        key = "numbers" if index == 0 else f"numbers-{index + 1}"
        caption = f"{each.name} in the training images."
        found.append(Figure(key, caption, _draw(each, key), place="beside"))
    return tuple(found)


def _draw(each: NumberData, key: str) -> figures.Draw:
    name, found = format.value(each.name), each.histogram
    return lambda width: figures.histogram(found.edges, found.counts, name=name, key=key, width=width)
