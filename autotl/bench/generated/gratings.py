"""Draw gratings: the class is direction and width of bars.

Phase, contrast and noise are random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.bench.generated.canvas import CHANNELS, Planes, each, grid, noise, texture

DIRECTIONS = 6
CYCLES = (2.5, 5.0)
"""Cycles across the image, for the first six kinds and for the others."""


def gratings(
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
    across, down = grid()
    between = np.pi / DIRECTIONS
    angle = between * (kinds % DIRECTIONS + 0.6 * difficulty * rng.uniform(-1, 1, n))
    pace = np.pi * np.array(CYCLES)[kinds // DIRECTIONS] * rng.uniform(0.85, 1.15, n)
    phase = rng.uniform(0, 2 * np.pi, n)
    wave = np.sin(each(pace * np.cos(angle)) * across + each(pace * np.sin(angle)) * down + each(phase))
    if distance:  # thin lines instead of soft bars
        wave = (1 - distance) * wave + distance * (2 * np.exp(-((wave - 1) ** 2) / 0.1) - 0.5)
    contrast = (0.4 - 0.3 * difficulty) * rng.uniform(0.7, 1.3, n)
    pattern = (0.05 + 0.15 * difficulty + 0.2 * distance) * texture(n, rng=rng)
    grey = each(rng.uniform(0.35, 0.65, n)) + each(contrast) * wave + pattern
    painted = grey[..., None] + rng.uniform(-0.15, 0.15, (n, 1, 1, CHANNELS))
    planes: Planes = painted + noise(painted.shape, rng=rng, spread=0.02 + 0.25 * difficulty)
    return planes
