"""Small pictures in the colour of their class, and what autotl finds in data made of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl import plugins
from autotl.api import Columns, PixelScale, TargetSpec
from autotl.data import View, read
from autotl.targets import SingleLabel

Cli = Callable[..., tuple[int, str, str]]
"""Runs the command line; gives its exit code, and what it wrote on standard output and error."""
READERS = plugins.load().readers.items


def pixels(kind: int = 0, seed: int = 0, *, size: tuple[int, int] = (12, 9)) -> NDArray[np.uint8]:
    """Return uint8 (height, width, 3): noise around the colour of a class."""
    colour = np.array([(210, 60, 60), (60, 60, 210), (60, 210, 60)][kind % 3])
    noise = np.random.default_rng([kind, seed]).normal(0, 25, (size[1], size[0], 3))
    shown: NDArray[np.uint8] = (colour + noise).clip(0, 255).astype(np.uint8)
    return shown


def png(kind: int = 0, seed: int = 0) -> bytes:
    """Return the bytes of a PNG file."""
    stream = BytesIO()
    Image.fromarray(pixels(kind, seed)).save(stream, "PNG")
    return stream.getvalue()


def folders(root: Path, *names: str, each: int = 3, suffix: str = ".png") -> Path:
    """Write a folder of pictures for each name; different names have different pictures."""
    for kind, name in enumerate(names):
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            picture = Image.fromarray(pixels(kind, number + 100 * kind))
            picture.save(root / name / f"{number}{suffix}")
    return root


def flat(root: Path, *, each: int = 8) -> list[str]:
    """Write pictures of two classes in turn into one folder; return their names."""
    root.mkdir(parents=True, exist_ok=True)
    names = [f"{number}.png" for number in range(each)]
    for number, name in enumerate(names):
        (root / name).write_bytes(png(number % 2, number))
    return names


@dataclass(frozen=True, slots=True)
class Found:
    """What was read.

    Attributes:
        labels: the number of images of each class.
        parts: the number of images of each class and part.
        notes: what a user is told, in one text.
        unreadable: the images that cannot be read, and why.
        scale: black and white of pixels of more than 8 bits.
    """

    labels: dict[str, int]
    parts: dict[tuple[str, str | None], int]
    notes: str
    unreadable: dict[str, str]
    scale: PixelScale | None


def found(source: object, **columns: str) -> Found:
    """Read a source in any form, as ``fit`` does."""
    dataset = read(source, readers=READERS, columns=Columns(**columns))
    labels = [dataset.classes[label] for label in dataset.table["label"]]
    parts = [part or None for part in dataset.table["part"]]
    return Found(
        dict(Counter(labels)),
        dict(Counter(zip(labels, parts, strict=True))),
        " ".join(dataset.notes),
        dict(dataset.unreadable),
        dataset.scale,
    )


class Brightness:
    """A model that tells dark images from light ones, and has learned nothing."""

    target = SingleLabel(TargetSpec("single_label", ("dark", "light")))
    views = (View(8, "bilinear", 1.0, "center"),)
    intervals = None

    def __init__(self, scale: PixelScale | None = None) -> None:
        self.scale = scale

    def outputs_of_views(self, images: object) -> NDArray[np.float32]:
        """See ``autotl.results.predictions.ImageModel.outputs_of_views``."""
        (pixels_,) = images  # type: ignore[misc]
        mean = pixels_.reshape(len(pixels_), -1).mean(1) / 32 - 4
        return np.stack([-mean, mean], axis=1).astype(np.float32)
