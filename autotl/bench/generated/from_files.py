"""Make data sets of several labels and of numbers from classes."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autotl import jsonio
from autotl.api import Dataset, TargetKind
from autotl.errors import BenchError, UnknownName
from autotl.seeds import derive

SIDE = 128
"""The side of a collage in pixels."""
CELLS = 4
"""Quarters of a collage; each holds a photograph or nothing."""
SMALLEST = 0.75
"""The smallest photograph in a collage, as a share of the side of a quarter."""
GREY = (124, 116, 104)
"""The background of a collage: the mean colour of ImageNet."""
MAX_ANGLE = 45.0
"""The largest rotation, in degrees."""
PARTS = ("train", "test")

Example = tuple[Image.Image, str]
"""An image and the text of its target."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes images with targets from those of a part.

    Attributes:
        target: Kind of target.
        label: Column of the labels or numbers.
        make: Returns the examples of a part, from the images and their rows, with a seed and settings.
        settings: Names of the settings.
    """

    target: TargetKind
    label: str
    make: Callable[..., Sequence[Example]]
    settings: tuple[str, ...] = ()


def make_table(name: str, dataset: Dataset, out: Path, *, seed: int, settings: Mapping[str, Any]) -> Path:
    """Write changed images and their table, with image, target and part.

    Test images are made from test images alone. The same arguments give the same images.

    Args:
        name: The name in :data:`MAKERS`.
        dataset: Images with classes and both parts.
        out: The new folder.
        seed: Seed of all random choices.
        settings: Further arguments of the maker.

    Returns:
        The table.

    Raises:
        UnknownName: If there is no maker of this name, or it has no such setting.
        BenchError: If a part is missing, or the images do not suit the maker.
    """
    if name not in MAKERS:
        raise UnknownName("generator", name, MAKERS)
    maker, lines = MAKERS[name], [("image", MAKERS[name].label, "part")]
    for key in settings:
        if key not in maker.settings:
            raise UnknownName(f"setting of {name}", key, maker.settings)
    out.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        rows = np.flatnonzero(dataset.table["part"].to_numpy() == part).tolist()
        if not rows:
            raise BenchError(f"The images of {name} must have a train and a test part (got no {part} part).")
        for image, target in maker.make(dataset, rows, seed=derive(seed, name, part), **settings):
            file = f"{len(lines):06d}.png"
            image.save(out / file, compress_level=1)
            lines.append((file, target, part))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(lines)
    jsonio.write_text(out / "table.csv", text.getvalue())
    return out / "table.csv"


def _collages(
    dataset: Dataset, rows: Sequence[int], *, seed: int, objects: Sequence[int] = (2, 3), share: float = 0.8
) -> Sequence[Example]:
    """Return photographs of different classes in the quarters of a grey square, ``share`` per photograph.

    Each image has one of the numbers ``objects`` of photographs, of random sizes at random places.
    """
    if not objects or not all(1 <= each <= min(CELLS, len(dataset.classes)) for each in objects):
        raise BenchError(
            f"objects must be from 1 to the smaller of {CELLS} and the number of classes (got {objects})."
        )
    rng = np.random.default_rng(seed)
    labels = dataset.targets[list(rows)]
    by_class = [np.asarray(rows)[labels == number] for number in range(len(dataset.classes))]
    present = [number for number, own in enumerate(by_class) if len(own)]
    found = []
    for _ in range(max(1, round(share * len(rows)))):
        count = int(rng.choice(np.asarray(objects)))
        chosen = rng.choice(present, count, replace=False)
        collage = Image.new("RGB", (SIDE, SIDE), GREY)
        cells = rng.choice(CELLS, count, replace=False)
        for cell, number in zip(cells.tolist(), chosen.tolist(), strict=True):
            photo = dataset.openers[int(rng.choice(by_class[number]))]().convert("RGB")
            _paste(collage, photo, cell, rng)
        found.append((collage, ";".join(sorted(dataset.classes[number] for number in chosen))))
    return found


def _paste(collage: Image.Image, photo: Image.Image, cell: int, rng: np.random.Generator) -> None:
    """Paste a photograph at a random place of a quarter."""
    quarter = SIDE // 2
    side = int(rng.integers(round(SMALLEST * quarter), quarter + 1))
    left, top = rng.integers(0, quarter - side + 1, 2).tolist()
    small = _square(photo).resize((side, side), Image.Resampling.LANCZOS)
    collage.paste(small, (cell % 2 * quarter + left, cell // 2 * quarter + top))


def _rotations(dataset: Dataset, rows: Sequence[int], *, seed: int) -> Sequence[Example]:
    """Return images turned by random angles; the crop is the same for all angles and shows no corner."""
    rng = np.random.default_rng(seed)
    found = []
    for row in rows:
        angle = round(float(rng.uniform(-MAX_ANGLE, MAX_ANGLE)), 2)
        square = _square(dataset.openers[row]().convert("RGB"))
        turned = square.rotate(angle, Image.Resampling.BICUBIC)
        # the square that lies inside at 45 degrees; bicubic sampling reads two pixels around it
        kept = math.floor(square.width / math.sqrt(2)) - 4
        if kept < 1:
            raise BenchError(f"Images to turn must have 8 pixels or more on each side (got {square.width}).")
        start = (square.width - kept) // 2
        found.append((turned.crop((start, start, start + kept, start + kept)), f"{angle:.2f}"))
    return found


def _brightness(dataset: Dataset, rows: Sequence[int], *, seed: int) -> Sequence[Example]:
    """Return images with their mean luminance, from 0 to 255; nothing is random."""
    del seed
    found = []
    for row in rows:
        image = dataset.openers[row]().convert("RGB")
        found.append((image, f"{float(np.asarray(image.convert('L'), dtype=np.float64).mean()):.2f}"))
    return found


def _square(image: Image.Image) -> Image.Image:
    """Return the largest square in the middle of an image."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


MAKERS: Mapping[str, Maker] = {
    "collages": Maker("multi_label", "labels", _collages, ("objects", "share")),
    "rotations": Maker("regression", "angle", _rotations),
    "brightness": Maker("regression", "brightness", _brightness),
}
"""The makers by name."""
