"""Pairs of a training domain and a place of use, real ones and drawn ones."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageFilter

from autotl.seeds import derive
from benchmarks.when.subset import IMAGES, extract

HUE = 80
"""Turn of the hue, of 256."""
NOISE = 25.0
"""Standard deviation of the noise, of 255."""
BLUR, DARK = 1.5, 0.35
"""Radius of the blur in pixels, and the share of the brightness that is left."""
RARE = 4
"""Divides the images of every second class of a skewed place of use."""

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def hue_and_noise(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return an image of other colours, with noise, as from a cheap camera."""
    hue, saturation, value = image.convert("HSV").split()
    turned = Image.merge("HSV", (hue.point([(each + HUE) % 256 for each in range(256)]), saturation, value))
    coloured = np.asarray(turned.convert("RGB"), dtype=np.float64)
    noisy = coloured + rng.normal(0, NOISE, coloured.shape)
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def blurred_and_dark(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return an image out of focus, in little light."""
    return ImageEnhance.Brightness(image.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR))).enhance(DARK)


def grey(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return an image without colours."""
    return image.convert("L").convert("RGB")


def unchanged(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Return an image as it is."""
    return image


CHANGES: Mapping[str, Change] = {
    each.__name__: each for each in (hue_and_noise, blurred_and_dark, grey, unchanged)
}


@dataclass(frozen=True, slots=True)
class Shift:
    """A training domain and a place of use.

    Attributes:
        train: Name of the data set to train on.
        place: Name of the data set of the place of use, with the same classes.
        change: A name of CHANGES: how the images of the place of use are changed.
        skewed: Whether every second class is rare at the place of use.
    """

    train: str
    place: str
    change: str = "unchanged"
    skewed: bool = False

    @property
    def name(self) -> str:
        """The name in the file of rows."""
        place = self.place if self.change == "unchanged" else self.change
        return f"{self.train}-to-{place}{'-skewed' if self.skewed else ''}"


SHIFTS = (
    Shift("pacs_photo", "pacs_sketch"),
    Shift("pacs_sketch", "pacs_photo"),
    Shift("flowers5", "flowers5", "hue_and_noise"),
    Shift("textures10", "textures10", "blurred_and_dark"),
    Shift("hymenoptera", "hymenoptera", "grey"),
    Shift("sign_digits", "sign_digits", "blurred_and_dark"),
)
"""The guard's rule is chosen on these."""

CONFIRMING = (
    Shift("aerial_scenes", "aerial_scenes", "hue_and_noise"),
    Shift("textures10", "textures10", "hue_and_noise"),
    Shift("steel_defect", "steel_defect", "blurred_and_dark"),
    Shift("flowers5", "flowers5", "blurred_and_dark"),
    Shift("flowers5", "flowers5", "hue_and_noise", skewed=True),
    Shift("sign_digits", "sign_digits", "blurred_and_dark", skewed=True),
    Shift("flowers5", "flowers5"),
    Shift("aerial_scenes", "aerial_scenes"),
)
"""The rule is confirmed on these. The last two are planted: other images of the same domain."""

HELD_OUT = (
    Shift("traffic_signs", "traffic_signs", "hue_and_noise"),
    Shift("traffic_signs", "traffic_signs", "blurred_and_dark", skewed=True),
    Shift("brain_mri", "brain_mri", "blurred_and_dark"),
    Shift("pacs_photo", "pacs_photo", "hue_and_noise", skewed=True),
    Shift("pacs_sketch", "pacs_sketch", "blurred_and_dark"),
    Shift("pacs_photo", "pacs_photo"),
)
"""A rule that was changed after confirming is tested on these. The last one is planted."""


@dataclass(frozen=True, slots=True)
class Case:
    """The images of a shift.

    Attributes:
        table: The labelled training images.
        place: Folder of the images of the place of use, one subfolder for each class.
        bound: Labelled training images of the place of use, with ``place`` as the test part.
    """

    table: pd.DataFrame
    place: Path
    bound: pd.DataFrame


def images_of(shift: Shift, zips: Path, folder: Path) -> Case:
    """Write the images of a shift, unless they exist.

    The place of use has the test images of its data set, so no image is a copy of a training image.

    Args:
        shift: The shift.
        zips: Folder of the zips.
        folder: Folder for the images.
    """
    source, other = (extract(zips / f"{name}.zip", folder) for name in (shift.train, shift.place))
    train, place = other / "train", other / "test"
    if shift.change != "unchanged":
        changed = folder / f"{shift.place}-{shift.change}"
        train, place = (_changed(each, changed / each.name, CHANGES[shift.change]) for each in (train, place))
    if shift.skewed:
        place = _skewed(place, folder / f"{shift.name}-test")
    bound = pd.concat([_rows(train).assign(part="train"), _rows(place).assign(part="test")])
    return Case(_rows(source / "train"), place, bound)


def _changed(images: Path, folder: Path, change: Change) -> Path:
    """Write changed copies of a folder of classes; the noise of an image depends on its name alone."""
    for file in _files(images):
        out = folder / file.parent.name / f"{file.stem}.png"
        if out.exists():
            continue
        out.parent.mkdir(parents=True, exist_ok=True)
        with Image.open(file) as opened:
            written = change(opened.convert("RGB"), np.random.default_rng(derive(0, "shift", file.name)))
        written.save(out)
    return folder


def _skewed(images: Path, folder: Path) -> Path:
    """Copy a folder of classes, every second class with few of its images."""
    for number, label in enumerate(sorted({file.parent.name for file in _files(images)})):
        files = [file for file in _files(images) if file.parent.name == label]
        out = folder / label
        out.mkdir(parents=True, exist_ok=True)
        for file in files[: -(-len(files) // RARE)] if number % 2 else files:
            shutil.copy(file, out / file.name)
    return folder


def _rows(images: Path) -> pd.DataFrame:
    return pd.DataFrame(
        [{"image": str(file.resolve()), "label": file.parent.name} for file in _files(images)]
    )


def _files(images: Path) -> list[Path]:
    return [file for file in sorted(images.glob("*/*")) if file.suffix.lower() in IMAGES]
