"""Read fewer images where reading them all would take too long."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from autotl.api import Item
from autotl.seeds import derive

PROBE = 256
"""Images by which the pace of reading is measured."""
LEAST = 1000
"""Images that are read in any case."""


def probe(n: int) -> range:
    """Which of ``n`` images, evenly among them, the pace of reading is measured by."""
    return range(0, n, max(1, math.ceil(n / PROBE)))


def draw(items: Sequence[Item], most: int, *, seed: int) -> Sequence[int]:
    """Which of the items to read: about ``most``, of each class in each part the same share, two at least.

    They are drawn by their names and the seed, so that the order in which they are listed does not matter.
    """
    if len(items) <= most:
        return range(len(items))
    strata = defaultdict(list)
    for number, item in enumerate(items):
        strata[item.part, item.label].append(number)
    kept: list[int] = []
    for numbers in strata.values():
        count = max(2, round(most / len(items) * len(numbers)))
        kept.extend(sorted(numbers, key=lambda number: derive(seed, "draw", items[number].name))[:count])
    return sorted(kept)
