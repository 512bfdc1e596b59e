"""Generate small labelled images that a network learns in seconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetSpec, Task

NAMES = ("bars", "rings", "spots", "steps", "waves")


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


def tiny_task(rows: Mapping[str, int], *, typical_size: int = 24, trial_seconds: float | None = None) -> Task:
    """Return a task for tests without images.

    Args:
        rows: Number of training images of each class, by its name.
        typical_size: Median of the images' shorter sides, in pixels.
        trial_seconds: Time limit of one trial; None if only trials are counted.
    """
    target = TargetSpec("single_label", tuple(rows))
    return Task(target, dict(rows), typical_size, trial_seconds=trial_seconds)
