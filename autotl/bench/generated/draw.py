"""Draw labelled images of a family."""

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
"""Of each family: the most classes there are, counted from 0."""
BLOCK = 256
"""Images painted together: few enough for their planes to stay in a processor's cache."""


class Painter(Protocol):
    """Paints images of the given kinds (n,) as planes (n, side, side, 3) of values in [0, 1].

    ``difficulty`` and ``distance`` are in [0, 1]. Every image takes its own numbers from ``rng``.
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
    """Images (n, 32, 32, 3) and their labels (n,), from 0; n is ``per_class`` times ``classes``.

    ``shapes`` are told apart by their outline, ``gratings`` by the direction and width of their bars and
    ``colours`` by the hue of a blob, whose luminance (the mean of the three channels) tells nothing. What
    else is in an image is random. The classes are the kinds ``first``, ``first + 1``, … of the family's
    twelve, so that two data sets of one family may share none. ``difficulty`` in [0, 1] adds noise, takes
    contrast away and makes what is random vary more; ``distance`` in [0, 1] goes over to another style of
    drawing, with the same classes. Labels take turns, so that every part of the rows is balanced. The same
    arguments give the same images everywhere, and another seed gives fresh ones.

    Raises UnknownName for a family there is none of, and BenchError for numbers out of range.

    >>> images, labels = draw("shapes", per_class=2, seed=0, classes=3)
    >>> images.shape, labels.tolist()
    ((6, 32, 32, 3), [0, 1, 2, 0, 1, 2])
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
        raise BenchError(f"{per_class} images of each class were asked for, but at least 1 is due.")
    if classes < 2 or first < 0 or first + classes > KINDS:
        raise BenchError(
            f"The kinds {first} to {first + classes - 1} were asked for. "
            f"At least two of the kinds 0 to {KINDS - 1} are due."
        )
    for name, value in (("difficulty", difficulty), ("distance", distance)):
        if not 0 <= value <= 1:
            raise BenchError(f"The {name} is {value}, but it must be in [0, 1].")
