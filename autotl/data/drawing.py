"""Read fewer images where reading them all would take too long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from autotl.api import Item
from autotl.clock import Clock
from autotl.seeds import derive

PROBE = 256
"""Images by which the pace of reading is measured."""
LEAST = 1000
"""Images that are read in any case."""


def pace(items: Sequence[Item], look: Callable[[Sequence[Item]], object], clock: Clock) -> float:
    """The seconds that reading one of the items takes, from some that lie evenly among them."""
    some = items[:: max(1, len(items) // PROBE)]
    began = clock.now()
    look(some)
    return (clock.now() - began) / len(some)


def draw(items: Sequence[Item], most: int, *, seed: int) -> Sequence[Item]:
    """About ``most`` of the items in their order, of each class in each part the same share, two at least.

    They are drawn by their names and the seed, so that the order in which they are listed does not matter.
    """
    if len(items) <= most:
        return items
    strata = defaultdict(list)
    for number, item in enumerate(items):
        strata[item.part, item.label].append(number)
    kept = set()
    for numbers in strata.values():
        count = max(2, round(most / len(items) * len(numbers)))
        kept.update(sorted(numbers, key=lambda number: derive(seed, "draw", items[number].name))[:count])
    return [item for number, item in enumerate(items) if number in kept]
