"""Make a data set of a few training images of each class, with all test images."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from autotl.seeds import derive

IMAGES = (".jpg", ".jpeg", ".png")


def extract(archive: Path, folder: Path) -> Path:
    """Unpack a zip of ``train/CLASS/FILE`` and ``test/CLASS/FILE`` below ``folder``, once."""
    place = folder / archive.stem
    if not place.is_dir():
        with zipfile.ZipFile(archive) as opened:
            opened.extractall(place)
    return place


def table_of(place: Path, *, per_class: int | None, seed: int) -> pd.DataFrame:
    """Return image paths, labels and parts, with ``per_class`` training images of each class at random.

    Args:
        place: The folder of an unpacked archive.
        per_class: Training images of each class; None for all.
        seed: Decides which.

    Raises:
        ValueError: A class has fewer training images than asked for.
    """
    rows = [
        {"image": str(file), "label": file.parent.name, "part": part}
        for part in ("train", "test")
        for file in sorted((place / part).glob("*/*"))
        if file.suffix.lower() in IMAGES
    ]
    table = pd.DataFrame(rows)
    if per_class is None:
        return table
    rng = np.random.default_rng(derive(seed, "subset", place.name, per_class))
    train = table[table["part"] == "train"]
    smallest = train["label"].value_counts().min()
    if smallest < per_class:
        raise ValueError(f"{place.name} has {smallest} training images in a class, not {per_class}.")
    kept = [rng.choice(rows.index, per_class, replace=False) for _, rows in train.groupby("label")]
    return pd.concat([table.loc[np.sort(np.concatenate(kept))], table[table["part"] == "test"]])
