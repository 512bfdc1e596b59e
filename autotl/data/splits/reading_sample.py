"""Choose which images to read within a time limit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from autotl.api import Item
from autotl.seeds import derive

PACE_SAMPLE_SIZE = 256
"""Images by which the pace of reading is measured."""
MIN_IMAGES_READ = 1000
"""Images that are always read."""
_MIN_STRATUM_IMAGES = 2


def pace_sample(n: int) -> range:
    """Return evenly spaced positions among ``n`` images."""
    return range(0, n, max(1, math.ceil(n / PACE_SAMPLE_SIZE)))


def stratified_sample(
    items: Sequence[Item], most: int, *, seed: int, strata: Sequence[Hashable] | None = None
) -> Sequence[int]:
    """Return the positions of about ``most`` items, stratified by part and class.

    The sample depends on the names and the seed, not on the order of the items. Each class keeps two or more
    images in each part.

    Args:
        items: The listed images.
        most: The number of images.
        seed: The seed of the sample.
        strata: The stratum of each item; None for its class.
    """
    if len(items) <= most:
        return range(len(items))
    members = defaultdict(list)
    own: Sequence[Hashable] = [item.target for item in items] if strata is None else strata
    for number, (item, stratum) in enumerate(zip(items, own, strict=True)):
        members[item.part, stratum].append(number)
    kept: list[int] = []
    for numbers in members.values():
        count = max(_MIN_STRATUM_IMAGES, round(most / len(items) * len(numbers)))
        kept.extend(sorted(numbers, key=lambda number: derive(seed, "draw", items[number].name))[:count])
    return sorted(kept)
