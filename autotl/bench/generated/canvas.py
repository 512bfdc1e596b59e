"""Drawing primitives of all families: coordinates, edges, textures and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float64]
# All arrays are float64: a sine in float32 differs between processors by enough to change a pixel.

SIDE, CHANNELS = 32, 3
PIXEL = 2 / SIDE
"""Width of a pixel; the image reaches from -1 to 1."""
WAVES = 4
"""Waves of a texture."""


def each(values: NDArray[np.float64]) -> Planes:
    """Reshape numbers per image (n,) to (n, 1, 1), for broadcasting."""
    return values[:, None, None]


def grid() -> tuple[Planes, Planes]:
    """Return pixel centres across and down, each (1, side, side).

    Values are in [-1, 1].
    """
    line = (np.arange(SIDE) + 0.5) * PIXEL - 1
    down, across = np.meshgrid(line, line, indexing="ij")
    return across[None], down[None]


def frame(
    n: int, *, rng: np.random.Generator, size: tuple[float, float], turn: float
) -> tuple[Planes, Planes, NDArray[np.float64]]:
    """Place an object in each image, and return relative coordinates.

    Args:
        n: Number of images.
        rng: Draws position, size and rotation.
        size: The smallest and the largest half-width of the object, in (0, 1]; it lies fully in the image.
        turn: The largest rotation, in radians.

    Returns:
        Coordinates across and down in the object's frame, where it reaches from -1 to 1, (n, side, side)
        each, and the half-widths of the objects, (n,).
    """
    across, down = grid()
    scale = rng.uniform(*size, n)
    room = 1 - scale
    x, y = across - each(rng.uniform(-1, 1, n) * room), down - each(rng.uniform(-1, 1, n) * room)
    angle = rng.uniform(-turn, turn, n)
    cos, sin = each(np.cos(angle) / scale), each(np.sin(angle) / scale)
    return cos * x + sin * y, cos * y - sin * x, scale


def ink(gap: Planes, *, distance: float) -> Planes:
    """Return the coverage by ink of each pixel, in [0, 1].

    Args:
        gap: Distance to the edge in image units, negative inside.
        distance: Drawing style, from a filled area (0) to the edge only (1).
    """
    area = np.clip(0.5 - gap / PIXEL, 0, 1)
    if distance == 0:
        return area
    edge = np.clip(1.5 - np.abs(gap) / PIXEL, 0, 1)
    return (1 - distance) * area + distance * edge


def inverted(n: int, *, rng: np.random.Generator, distance: float) -> NDArray[np.bool_]:
    """Draw which images (n,) are inverted.

    Args:
        n: Number of images.
        rng: Source of randomness.
        distance: Probability of each image.
    """
    return rng.random(n) < distance


def texture(n: int, *, rng: np.random.Generator) -> Planes:
    """Draw a pattern of waves for each image, (n, side, side).

    Values are in [-1, 1], with mean near 0.
    """
    across, down = grid()
    total = np.zeros((n, SIDE, SIDE))
    for _ in range(WAVES):
        angle, pace = rng.uniform(0, np.pi, n), rng.uniform(2, 12, n)
        total += np.sin(
            each(pace * np.cos(angle)) * across
            + each(pace * np.sin(angle)) * down
            + each(rng.uniform(0, 2 * np.pi, n))
        )
    return total / WAVES


def noise(shape: tuple[int, ...], *, rng: np.random.Generator, spread: float) -> Planes:
    """Draw uniform noise with mean 0.

    Args:
        shape: Shape of the array.
        rng: Source of randomness.
        spread: Standard deviation.
    """
    reach = np.sqrt(3) * spread
    return rng.uniform(-reach, reach, shape)
