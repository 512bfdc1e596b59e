"""The entries of ``config.json`` on how images are seen; timm ignores them."""

from __future__ import annotations

import math
from typing import Any

from autotl.api import PixelScale
from autotl.api.pixel_scale import Span

TTA, MIRROR = "test_time_augmentation", "horizontal_flip"
"""The entry of a model that averages over mirror images, and its value."""
SCALE = "pixel_scale"
"""The entry with the pixel values of black and white."""


def read_tta(document: dict[str, Any]) -> bool:
    """Return whether predictions are averaged over mirror images.

    Raises ValueError if the entry was edited wrongly.
    """
    entry = document.get(TTA)
    if entry not in (None, MIRROR):
        raise ValueError(f"{TTA} must be {MIRROR!r} or left out (got {entry!r})")
    return entry is not None


def read_scale(document: dict[str, Any]) -> PixelScale | None:
    """Return the pixel values of black and white.

    Raises ValueError if they were edited wrongly.
    """
    entry = document.get(SCALE)
    if entry is None:
        return None
    kinds = ("integers", "floats")
    if not isinstance(entry, dict) or not entry.keys() >= set(kinds):
        raise ValueError(f"{SCALE} must have {' and '.join(kinds)} (got {entry!r})")
    integers, floats = (_span(entry[kind], f"{SCALE}.{kind}") for kind in kinds)
    return PixelScale(integers, floats)


def _span(entry: object, name: str) -> Span | None:
    if entry is None:
        return None
    pair = entry if isinstance(entry, list) else []
    numbers = [float(each) for each in pair if isinstance(each, int | float) and math.isfinite(each)]
    if len(pair) != 2 or len(numbers) != 2 or numbers[0] > numbers[1]:
        raise ValueError(f"{name} must be two numbers, the smaller first (got {entry!r})")
    return numbers[0], numbers[1]
