"""Read the training images of a zip with ``train/<class>/<file>``, for autotl and for a plain loop."""

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


class ZipImages(Dataset[tuple[torch.Tensor, int]]):
    """Images in memory as files, which are decoded and transformed at each access.

    Args:
        data: The zip.
        transform: Function that converts an image.
        limit: Number of images, selected at random.
    """

    def __init__(self, data: Path, transform: object, *, limit: int) -> None:
        with zipfile.ZipFile(data) as archive:
            names = sorted(n for n in archive.namelist() if n.startswith("train/") and not n.endswith("/"))
            chosen = np.random.default_rng(0).permutation(len(names))[:limit]
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
        """Return decoded images and labels, for ``autotl.fit((images, labels))``."""
        images = [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in self.files]
        return images, self.labels


def write_images(rows: ZipImages) -> Path:
    """Write the images to a new folder with class folders, for autotl."""
    folder = Path(tempfile.mkdtemp(prefix="speed-")) / "data"
    for number, (file, label) in enumerate(zip(rows.files, rows.labels, strict=True)):
        class_folder = folder / "train" / f"c{label:03d}"
        class_folder.mkdir(parents=True, exist_ok=True)
        (class_folder / f"{number:05d}.jpg").write_bytes(file)
    for label in sorted(set(rows.labels)):  # autotl requires a test set; it is not used here
        first = rows.labels.index(label)
        class_folder = folder / "test" / f"c{label:03d}"
        class_folder.mkdir(parents=True)
        image = Image.open(io.BytesIO(rows.files[first])).convert("RGB").transpose(Image.Transpose.ROTATE_180)
        image.save(class_folder / "rotated.png")
    return folder


def prepared(data: Path, backbone: str, input_size: int) -> Prepared:
    """Prepare the images with autotl, with an empty cache in a new temporary folder."""
    return prepared_images(
        data, Path(tempfile.mkdtemp(prefix="speed-")), backbone=backbone, image_size=input_size
    )
