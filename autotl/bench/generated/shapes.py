"""Draw shapes: the class is the outline.

Position, size, rotation, colours and noise are random.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from autotl.bench.generated.canvas import CHANNELS, Planes, each, frame, ink, inverted, noise, texture

Outline = Callable[[Planes, Planes], Planes]


def _box(u: Planes, v: Planes, wide: float, high: float) -> Planes:
    return np.maximum(np.abs(u) - wide, np.abs(v) - high)


def _disc(u: Planes, v: Planes, radius: float) -> Planes:
    gap: Planes = np.hypot(u, v) - radius
    return gap


def _star(u: Planes, v: Planes) -> Planes:
    gap: Planes = np.hypot(u, v) - 0.65 - 0.3 * np.cos(5 * np.arctan2(v, u))
    return gap


OUTLINES: tuple[Outline, ...] = (
    lambda u, v: _disc(u, v, 0.85),
    lambda u, v: np.maximum(np.abs(u) * 0.87 + v * 0.5, -v) - 0.45,  # triangle
    lambda u, v: np.minimum(_box(u, v, 0.95, 0.25), _box(u, v, 0.25, 0.95)),  # plus
    lambda u, v: np.abs(_disc(u, v, 0.7)) - 0.2,  # ring
    lambda u, v: _box(u, v, 0.4, 0.95),  # bar
    lambda u, v: np.maximum(_disc(u, v, 0.9), -_disc(u - 0.45, v, 0.75)),  # crescent
    lambda u, v: _box(u, v, 0.75, 0.75),
    _star,
    lambda u, v: np.minimum(_box(u + 0.6, v, 0.25, 0.9), _box(u, v - 0.65, 0.85, 0.25)),  # L
    lambda u, v: np.abs(_box(u, v, 0.65, 0.65)) - 0.18,  # square frame
    lambda u, v: np.minimum(_disc(u - 0.5, v, 0.42), _disc(u + 0.5, v, 0.42)),  # two discs
    lambda u, v: np.minimum(_box(u, v, 0.22, 0.95), _box(u, v + 0.7, 0.9, 0.25)),  # T
)


def shapes(
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
    u, v, size = frame(n, rng=rng, size=(0.65 - 0.3 * difficulty, 0.75), turn=0.1 + 0.4 * difficulty)
    gap = np.empty_like(u)
    for kind in np.unique(kinds):
        own = kinds == kind
        gap[own] = OUTLINES[kind](u[own], v[own])
    cover = ink(gap * each(size), distance=distance)
    contrast = (0.7 - 0.4 * difficulty) * rng.uniform(0.7, 1.3, n)
    paper = rng.uniform(0, 1, n) * (1 - contrast)
    dark = inverted(n, rng=rng, distance=distance)
    paper, contrast = np.where(dark, 1 - paper, paper), np.where(dark, -contrast, contrast)
    pattern = (0.1 + 0.3 * difficulty + 0.3 * distance) * texture(n, rng=rng) * (1 - cover)
    grey = each(paper) + each(contrast) * cover + pattern
    tints = rng.uniform(-0.15, 0.15, (2, n, 1, 1, CHANNELS))
    painted = grey[..., None] + tints[0] * cover[..., None] + tints[1]
    planes: Planes = painted + noise(painted.shape, rng=rng, spread=0.02 + 0.2 * difficulty)
    return planes
