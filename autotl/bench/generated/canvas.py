"""What all families draw with: coordinates, edges, textures and noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float64]
# Everything is float64: a sine in float32 differs between processors by enough to change a pixel.

SIDE, CHANNELS = 32, 3
PIXEL = 2 / SIDE
WAVES = 4


def each(values: NDArray[np.float64]) -> Planes:
    """One number per image, (n,), spread over its pixels, (n, 1, 1)."""
    return values[:, None, None]


def grid() -> tuple[Planes, Planes]:
    """The pixels' centres, across and down, (1, side, side) each; the image reaches from -1 to 1."""
    line = (np.arange(SIDE) + 0.5) * PIXEL - 1
    down, across = np.meshgrid(line, line, indexing="ij")
    return across[None], down[None]


def frame(
    n: int, *, rng: np.random.Generator, size: tuple[float, float], turn: float
) -> tuple[Planes, Planes, NDArray[np.float64]]:
    """Coordinates in the frame of one object per image, (n, side, side) each, and the objects' sizes (n,).

    The object, between ``size[0]`` and ``size[1]`` large, lies wholly in the image and is turned by at most
    ``turn`` radians; it reaches from -1 to 1 in its own frame.
    """
    across, down = grid()
    scale = rng.uniform(*size, n)
    room = 1 - scale
    x, y = across - each(rng.uniform(-1, 1, n) * room), down - each(rng.uniform(-1, 1, n) * room)
    angle = rng.uniform(-turn, turn, n)
    cos, sin = each(np.cos(angle) / scale), each(np.sin(angle) / scale)
    return cos * x + sin * y, cos * y - sin * x, scale


def ink(gap: Planes, *, distance: float) -> Planes:
    """Where there is ink, in [0, 1], by the distance ``gap`` to an edge (negative inside, in image units).

    A filled area at distance 0, its edge alone at distance 1.
    """
    area = np.clip(0.5 - gap / PIXEL, 0, 1)
    if distance == 0:
        return area
    edge = np.clip(1.5 - np.abs(gap) / PIXEL, 0, 1)
    return (1 - distance) * area + distance * edge


def inverted(n: int, *, rng: np.random.Generator, distance: float) -> NDArray[np.bool_]:
    """Which images (n,) have ink and paper changed places: none at distance 0, all at 1."""
    return rng.random(n) < distance


def texture(n: int, *, rng: np.random.Generator) -> Planes:
    """A pattern of a few waves for each image, (n, side, side), of mean about 0 and values in [-1, 1]."""
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
    """Independent values of mean 0 and standard deviation ``spread``, none beyond √3 times that."""
    reach = np.sqrt(3) * spread
    return rng.uniform(-reach, reach, shape)
