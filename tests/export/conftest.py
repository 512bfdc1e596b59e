"""A finished run with its images on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import autotl
from autotl.terminal import Silence
from autotl.testing import tiny_images

ORIENTATION = 0x0112


def save(pixels: Image.Image, path: Path, number: int) -> None:
    """Save an image in one of several forms: turned by EXIF, with transparency, or plain."""
    if number % 3 == 0:
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        pixels.save(path.with_suffix(".jpg"), exif=exif, quality=95)
    elif number % 3 == 1:
        pixels.putalpha(Image.linear_gradient("L").resize(pixels.size))
        pixels.save(path)
    else:
        pixels.save(path)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(each=16), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        save(Image.fromarray(image).resize((60, 47)), folder / name / f"{number}.png", number)
    return folder


@pytest.fixture(scope="session")
def finished(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    autotl.fit(
        photos,
        out=folder,
        backbone="tiny",
        strategies=["linear_probe"],
        trials=1,
        image_size=32,
        watch=Silence(),
    )
    return folder
