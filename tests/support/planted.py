"""Unit rows with planted clusters, and the images of tiny explorations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.testing import tiny_images


def planted(
    k: int, *, each: int = 60, dimensions: int = 12, noise: float = 0.12, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return unit rows around k random directions, and their clusters; noise is per dimension."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0][:k]
    ids = np.repeat(np.arange(k), each)
    rows = directions[ids] + noise * rng.normal(size=(len(ids), dimensions))
    order = rng.permutation(len(ids))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return rows[order], ids[order]


def shapeless(n: int, *, dimensions: int = 12, seed: int = 0) -> NDArray[np.float32]:
    """Return Gaussian rows of unequal variances, which have no clusters."""
    rows = np.random.default_rng(seed).normal(size=(n, dimensions)) / np.sqrt(1 + np.arange(dimensions))
    return rows.astype(np.float32)


def photos(folder: Path, *, each: int = 20) -> Path:
    """Write tiny textures of three kinds into one folder, in a mixed order."""
    folder.mkdir(parents=True, exist_ok=True)
    images, names = tiny_images(each=each, noise=0.05)
    order = np.random.default_rng(0).permutation(len(images))
    for number, row in enumerate(order.tolist()):
        Image.fromarray(images[row]).save(folder / f"{number:03d}-{names[row]}.png")
    return folder
