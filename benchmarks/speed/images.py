"""The training images of a zip of ``train/<class>/<file>``, as autotl and as a plain loop open them."""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset

from autotl.pipeline.prepare import Prepared
from benchmarks.prepared import prepared as prepared_images


class Zipped(Dataset[tuple[torch.Tensor, int]]):
    """What a plain loop reads: each image decoded and transformed whenever it is asked for."""

    def __init__(self, data: Path, transform: object, *, most: int) -> None:
        with zipfile.ZipFile(data) as archive:
            names = sorted(n for n in archive.namelist() if n.startswith("train/") and not n.endswith("/"))
            chosen = np.random.default_rng(0).permutation(len(names))[:most]
            self.files = [archive.read(names[i]) for i in sorted(chosen)]
        classes = sorted({name.split("/")[1] for name in names})
        self.labels = [classes.index(names[i].split("/")[1]) for i in sorted(chosen)]
        self.classes = len(classes)
        self.transform = transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> tuple[torch.Tensor, int]:
        image = Image.open(io.BytesIO(self.files[row])).convert("RGB")
        return self.transform(image), self.labels[row]  # type: ignore[operator]

    def arrays(self) -> tuple[list[np.ndarray], list[int]]:
        """The same images decoded, for ``autotl.fit((images, labels))``."""
        images = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in self.files]
        return images, self.labels


def folder_of(rows: Zipped) -> Path:
    """The images as a folder of class folders, for autotl to read and decode."""
    folder = Path(tempfile.mkdtemp(prefix="speed-")) / "data"
    for number, (file, label) in enumerate(zip(rows.files, rows.labels, strict=True)):
        place = folder / "train" / f"c{label:03d}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number:05d}.jpg").write_bytes(file)
    for label in sorted(set(rows.labels)):  # autotl insists on a test part; nothing here looks at it
        first = rows.labels.index(label)
        place = folder / "test" / f"c{label:03d}"
        place.mkdir(parents=True)
        image = Image.open(io.BytesIO(rows.files[first])).convert("RGB").transpose(Image.Transpose.ROTATE_180)
        image.save(place / "turned.png")
    return folder


def prepared(data: Path, backbone: str, side: int) -> Prepared:
    """autotl's own preparation with an empty store in a new temporary folder."""
    return prepared_images(data, Path(tempfile.mkdtemp(prefix="speed-")), backbone=backbone, image_size=side)
