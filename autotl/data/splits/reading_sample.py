"""Choose which images to read within a time limit."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

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


def stratified_sample(items: Sequence[Item], most: int, *, seed: int) -> Sequence[int]:
    """Return the positions of about ``most`` items, stratified by part and class.

    The sample depends on the names and the seed, not on the order of the items. Each class keeps two or more
    images in each part.

    Args:
        items: The listed images.
        most: The number of images.
        seed: The seed of the sample.
    """
    if len(items) <= most:
        return range(len(items))
    strata = defaultdict(list)
    for number, item in enumerate(items):
        strata[item.part, item.target].append(number)
    kept: list[int] = []
    for numbers in strata.values():
        count = max(_MIN_STRATUM_IMAGES, round(most / len(items) * len(numbers)))
        kept.extend(sorted(numbers, key=lambda number: derive(seed, "draw", items[number].name))[:count])
    return sorted(kept)
