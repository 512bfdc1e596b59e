"""Draw colours: the class is the hue of a blob.

Its outline and all luminances are random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.bench.generated.canvas import Planes, each, frame, ink, inverted, noise, texture

HUES = 2 * np.pi / 12 * np.array([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
"""Hues of the twelve kinds in radians; each group of four has the largest possible differences."""
RED, GREEN_BLUE = np.array([2.0, -1.0, -1.0]) / np.sqrt(6), np.array([0.0, 1.0, -1.0]) / np.sqrt(2)
"""Colour directions that do not change the mean of the channels."""
LUMINANCE = (0.26, 0.74)
CHROMA = 0.3
"""The largest chroma. No channel leaves [0, 1]; clipping would make the luminance depend on the hue."""
HARMONICS = (2, 3, 4, 5)


def colours(
    kinds: NDArray[np.int64], *, rng: np.random.Generator, difficulty: float, distance: float
) -> Planes:
    """Paint images (n, side, side, 3), with values near [0, 1].

    Args:
        kinds: Class of each image (n,).
        rng: Source of randomness.
        difficulty: Difficulty of the classes, in [0, 1].
        distance: Distance to the source images, in [0, 1].
    """
    n = len(kinds)
    cover = ink(_blob(n, rng=rng), distance=distance)
    grey = each(rng.uniform(*LUMINANCE, n)) * (1 - cover) + each(rng.uniform(*LUMINANCE, n)) * cover
    grey = grey + (0.05 + 0.1 * difficulty + 0.2 * distance) * texture(n, rng=rng)
    grey = grey + noise(grey.shape, rng=rng, spread=0.02 + 0.05 * difficulty)
    hue = HUES[kinds] + np.deg2rad(30) * difficulty * rng.uniform(-1, 1, n)
    strength = (0.8 - 0.7 * difficulty) * CHROMA * rng.uniform(0.7, 1.2, n)
    swapped = inverted(n, rng=rng, distance=distance)[:, None, None]
    coloured = np.where(swapped, 1 - cover, cover)
    spread = (0.02 + 0.35 * difficulty) * CHROMA
    first = each(strength * np.cos(hue)) * coloured + noise(grey.shape, rng=rng, spread=spread)
    second = each(strength * np.sin(hue)) * coloured + noise(grey.shape, rng=rng, spread=spread)
    excess = np.maximum(np.hypot(first, second) / CHROMA, 1)
    chroma = (first / excess)[..., None] * RED + (second / excess)[..., None] * GREEN_BLUE
    planes: Planes = np.clip(grey, *LUMINANCE)[..., None] + chroma
    return planes


def _blob(n: int, *, rng: np.random.Generator) -> Planes:
    """Return distances to the edge of a random blob in each image."""
    u, v, size = frame(n, rng=rng, size=(0.35, 0.75), turn=np.pi)
    angle = np.arctan2(v, u)
    radius = np.full_like(u, 0.7)
    for harmonic in HARMONICS:
        height, phase = rng.uniform(0, 0.5 / harmonic, n), rng.uniform(0, 2 * np.pi, n)
        radius += each(height) * np.cos(harmonic * angle + each(phase))
    return (np.hypot(u, v) - radius) * each(size)
