"""Generate small labelled images that a network learns in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetKind, TargetSpec, Task

NAMES = ("bars", "rings", "spots", "steps", "waves")
PROPERTIES = {"bars": ("straight", "coarse"), "rings": (), "spots": ("coarse",)}
"""The labels of a texture as one of several labels."""


def tiny_images(
    *, classes: int = 3, each: int = 20, side: int = 24, noise: float = 0.25, seed: int = 0
) -> tuple[NDArray[np.uint8], list[str]]:
    """Return noisy textures, uint8 (n, side, side, 3), and their class names.

    Args:
        classes: The number of classes, at most 5.
        each: The number of images of each class.
        side: The image size in pixels.
        noise: The standard deviation of the noise, for pixels in [0, 1].
        seed: The seed.
    """
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side] / side
    images, labels = [], []
    for name in NAMES[:classes]:
        for _ in range(each):
            a, b = rng.uniform(0, 1, 2)
            texture = {
                "bars": np.sin(2 * np.pi * (4 * x + a)),
                "rings": np.sin(2 * np.pi * (5 * np.hypot(x - 0.3 - 0.4 * a, y - 0.3 - 0.4 * b))),
                "spots": np.sin(2 * np.pi * (3 * x + a)) * np.sin(2 * np.pi * (3 * y + b)),
                "steps": np.sign(np.sin(2 * np.pi * (3 * y + a))),
                "waves": np.sin(2 * np.pi * (3 * (x + y) + a)),
            }[name]
            colour = rng.uniform(0.4, 1.0, 3)
            picture = 0.5 + 0.35 * texture[..., None] * colour + noise * rng.normal(size=(side, side, 3))
            images.append((picture.clip(0, 1) * 255).astype(np.uint8))
            labels.append(name)
    return np.stack(images), labels


def tiny_targets(
    kind: TargetKind, *, each: int = 20, side: int = 24, seed: int = 0
) -> tuple[NDArray[np.uint8], list[Any]]:
    """Return noisy textures and the target of each image.

    Several labels tell two properties of a texture, of which it may have none. The number is the factor of
    the image's brightness, in per cent.

    Args:
        kind: The kind of target.
        each: The number of images of each texture.
        side: The image size in pixels.
        seed: The seed.
    """
    images, names = tiny_images(classes=3, each=each, side=side, seed=seed)
    if kind == "multi_label":
        return images, [list(PROPERTIES[name]) for name in names]
    if kind == "regression":
        factors = np.random.default_rng([seed, 1]).uniform(0.2, 1.0, len(images))
        return (images * factors[:, None, None, None]).astype(np.uint8), (100 * factors).tolist()
    return images, names


def tiny_task(rows: Mapping[str, int], *, typical_size: int = 24, trial_seconds: float | None = None) -> Task:
    """Return a task for tests without images.

    Args:
        rows: Number of training images of each class, by its name.
        typical_size: Median of the images' shorter sides, in pixels.
        trial_seconds: Time limit of one trial; None if only trials are counted.
    """
    target = TargetSpec("single_label", tuple(rows))
    return Task(target, dict(rows), typical_size, trial_seconds=trial_seconds)
