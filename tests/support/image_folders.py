"""Folders of images for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def save_folders(root: Path, images: np.ndarray, names: list[str]) -> Path:
    """Write images into a folder for each name, and return the root; "" is the root itself."""
    for i, (pixels, name) in enumerate(zip(images, names, strict=True)):
        (root / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root
