"""Create data sets with a few training images per class and all test images."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from autotl.seeds import derive

IMAGES = (".jpg", ".jpeg", ".png")


def extract(archive: Path, folder: Path) -> Path:
    """Extract a zip with ``train/CLASS/FILE`` and ``test/CLASS/FILE`` to a subfolder, unless it exists."""
    extracted = folder / archive.stem
    if not extracted.is_dir():
        with zipfile.ZipFile(archive) as file:
            file.extractall(extracted)
    return extracted


def table_of(data: Path, *, per_class: int | None, seed: int) -> pd.DataFrame:
    """Return image paths, labels and parts, with a random subset of the training images.

    Args:
        data: Folder of an extracted archive.
        per_class: Training images per class; None for all.
        seed: Seed of the subset.

    Raises:
        ValueError: If a class has fewer training images.
    """
    rows = [
        {"image": str(file), "label": file.parent.name, "part": part}
        for part in ("train", "test")
        for file in sorted((data / part).glob("*/*"))
        if file.suffix.lower() in IMAGES
    ]
    table = pd.DataFrame(rows)
    if per_class is None:
        return table
    rng = np.random.default_rng(derive(seed, "subset", data.name, per_class))
    train = table[table["part"] == "train"]
    smallest = train["label"].value_counts().min()
    if smallest < per_class:
        raise ValueError(f"{data.name} has {smallest} training images in a class, not {per_class}.")
    kept = [rng.choice(rows.index, per_class, replace=False) for _, rows in train.groupby("label")]
    return pd.concat([table.loc[np.sort(np.concatenate(kept))], table[table["part"] == "test"]])
