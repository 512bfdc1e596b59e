"""A trained run, and image files of many forms."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl.serving import ServedModel, ServingLimits, served_result
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.image_folders import save_folders

if any(find_spec(name) is None for name in ("fastapi", "httpx", "python_multipart", "uvicorn")):
    collect_ignore_glob = ["test_*.py"]  # autotl[serve] is not installed
ORIENTATION = 0x0112


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a finished run."""
    root = tmp_path_factory.mktemp("served")
    images, names = tiny_images(each=16)
    data = save_folders(root / "photos", images, [str(name) for name in names])
    autotl.fit(
        data,
        out=root / "run",
        backbone="tiny",
        strategies="linear_probe",
        trials=1,
        image_size=32,
        watch=Silence(),
    )
    return root / "run"


@pytest.fixture(scope="session")
def served(trained: Path) -> ServedModel:
    return served_result(autotl.load(trained, device="cpu"))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Images with everything that decoding must respect."""
    folder = tmp_path_factory.mktemp("files")
    pixels, _ = tiny_images(each=3, seed=5)
    images = [Image.fromarray(each).resize((60, 47)) for each in pixels]
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    images[0].save(folder / "turned.jpg", exif=exif, quality=95)
    images[1].putalpha(Image.linear_gradient("L").resize((60, 47)))
    images[1].save(folder / "transparent.png")
    images[2].quantize(32).save(folder / "palette.png")
    images[3].convert("L").save(folder / "grey.webp")
    deep = np.linspace(0, 4095, 60 * 47).astype(np.uint16).reshape(47, 60)
    Image.fromarray(deep).save(folder / "deep.png")
    images[4].save(folder / "plain.bmp")
    return sorted(folder.iterdir())


@pytest.fixture
def limits() -> ServingLimits:
    return ServingLimits(upload=200_000, files=8, pixels=1_000_000)
