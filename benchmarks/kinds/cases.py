"""Few labelled images, with images of another kind beside them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.when.subset import IMAGES, extract, table_of

REST = "rest"
"""Stands for the training images that are not among the labelled ones."""


@dataclass(frozen=True, slots=True)
class Case:
    """A data set with few labels and other images.

    Attributes:
        data: Name of the data set.
        per_class: Labelled training images of each class.
        role: The option that gets the other images: ``"unlabelled"`` or ``"source"``.
        other: Their data set, or REST.
    """

    data: str
    per_class: int
    role: str
    other: str

    @property
    def name(self) -> str:
        """The name in the file of rows."""
        return f"{self.data}+{self.other}"


CASES = (
    Case("sign_digits", 5, "unlabelled", REST),
    Case("aerial_scenes", 5, "unlabelled", REST),
    Case("pacs_sketch", 10, "source", "pacs_photo"),
    Case("flowers5", 10, "source", "tiny_imagenet_part"),
    Case("sign_digits", 5, "unlabelled", "textures10"),
)
"""The last case is planted: images of another data set should make no measurable difference."""


def images_of(case: Case, zips: Path, folder: Path, *, seed: int) -> tuple[pd.DataFrame, Path]:
    """Return the labelled images as a table, and the folder of the other images.

    Args:
        case: The case.
        zips: Folder of the zips.
        folder: Folder for extracted files.
        seed: Seed of the labelled images.
    """
    data = extract(zips / f"{case.data}.zip", folder)
    table = table_of(data, per_class=case.per_class, seed=seed)
    if case.other != REST:
        return table, extract(zips / f"{case.other}.zip", folder) / "train"
    labelled, rest = set(table["image"]), folder / f"{case.data}-rest-{seed}"
    rest.mkdir(exist_ok=True)
    for number, file in enumerate(sorted((data / "train").glob("*/*"))):
        if file.suffix.lower() in IMAGES and str(file) not in labelled:
            shutil.copy(file, rest / f"{number}{file.suffix}")  # without the folder, which names the class
    return table, rest
