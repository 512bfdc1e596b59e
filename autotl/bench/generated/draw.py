"""Generate labelled images of a family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autotl.bench.generated.canvas import CHANNELS, SIDE, Planes
from autotl.bench.generated.colours import colours
from autotl.bench.generated.gratings import gratings
from autotl.bench.generated.shapes import shapes
from autotl.errors import BenchError, UnknownName
from autotl.seeds import derive

KINDS = 12
"""The number of classes of each family."""
BLOCK = 256
"""Images painted at once; their planes fit into a processor's cache."""


class Painter(Protocol):
    """Paints images of the given kinds.

    Args:
        kinds: Class of each image, in [0, 12), (n,).
        rng: Random numbers, different for each image.
        difficulty: Difficulty in [0, 1].
        distance: Distance to the source style in [0, 1].

    Returns:
        Planes (n, side, side, 3) with values in [0, 1].
    """

    def __call__(
        self, kinds: NDArray[np.int64], *, rng: np.random.Generator, difficulty: float, distance: float
    ) -> Planes: ...


FAMILIES: Mapping[str, Painter] = {"colours": colours, "gratings": gratings, "shapes": shapes}


def draw(
    family: str,
    *,
    per_class: int,
    seed: int,
    difficulty: float = 0.5,
    distance: float = 0.0,
    classes: int = 4,
    first: int = 0,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Generate images and labels.

    The classes of ``shapes`` differ in the outline. The classes of ``gratings`` differ in direction and width
    of the bars. In ``colours``, a blob of random luminance has the hue of its class. All other
    properties are random. The same arguments give the same images on every machine.

    >>> images, labels = draw("shapes", per_class=2, seed=0, classes=3)
    >>> images.shape, labels.tolist()
    ((6, 32, 32, 3), [0, 1, 2, 0, 1, 2])

    Args:
        family: "shapes", "gratings" or "colours".
        per_class: Images per class, at least 1.
        seed: Seed of everything random.
        difficulty: Noise, loss of contrast and random variation, in [0, 1].
        distance: Change to another drawing style with the same classes, in [0, 1].
        classes: Number of classes, at least 2.
        first: The first of the family's twelve kinds; two data sets of one family may have different kinds.

    Returns:
        Images, uint8 (n, 32, 32, 3), and labels from 0 in turn, int64 (n,).

    Raises:
        UnknownName: If there is no family of this name.
        BenchError: If a number is out of range.
    """
    if family not in FAMILIES:
        raise UnknownName("family of drawn images", family, FAMILIES)
    _check(per_class, difficulty, distance, classes, first)
    labels = np.arange(per_class * classes, dtype=np.int64) % classes
    rng = np.random.default_rng(derive(seed, family))
    images = np.empty((len(labels), SIDE, SIDE, CHANNELS), dtype=np.uint8)
    for start in range(0, len(labels), BLOCK):
        kinds = first + labels[start : start + BLOCK]
        painted = FAMILIES[family](kinds, rng=rng, difficulty=difficulty, distance=distance)
        images[start : start + BLOCK] = np.rint(255 * np.clip(painted, 0, 1))
    return images, labels


def _check(per_class: int, difficulty: float, distance: float, classes: int, first: int) -> None:
    if per_class < 1:
        raise BenchError(f"per_class must be at least 1 (got {per_class}).")
    if classes < 2 or first < 0 or first + classes > KINDS:
        raise BenchError(
            f"The kinds must be at least two of 0 to {KINDS - 1} (got {first} to {first + classes - 1})."
        )
    for name, value in (("difficulty", difficulty), ("distance", distance)):
        if not 0 <= value <= 1:
            raise BenchError(f"{name} must be in [0, 1] (got {value}).")
