"""predict.py prepares images exactly as autotl does."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import nn

from autotl.api import PixelScale, TargetSpec
from autotl.data import View, open_image, upright_rgb
from autotl.data.image_files.decode import _FORMATS
from autotl.export.facts import file_facts
from autotl.export.formats import FORMATS
from autotl.export.network import ExportedModel
from autotl.export.script import script
from autotl.report import parse

SCALE = PixelScale((0, 4095), None)
TARGET = TargetSpec("single_label", ("a", "b"))
DAMAGED = (
    b"Exif\0\0MM\0*\0\0\0\x08\0\x02"
    b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"  # orientation 6
    b"\x01\x1a\0\x02\0\0\0\x04abc\0"  # a resolution as text, which Pillow cannot write again
    b"\0\0\0\0"
)
VIEW = View(32, "bicubic", 0.875, "center")
VIEWS = [
    VIEW,
    replace(VIEW, crop_pct=1.0, interpolation="bilinear"),
    replace(VIEW, crop_pct=0.9, crop_mode="squash", interpolation="lanczos"),
    replace(VIEW, crop_mode="border", crop_pct=0.9),
    replace(VIEW, crop_mode="border", crop_pct=1.0, fill=(10, 20, 30)),
]


def picture(width: int, height: int, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Image.fromarray(pixels.squeeze())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Images of many sizes, modes and orientations."""
    folder = tmp_path_factory.mktemp("images")
    for width, height in ((97, 61), (61, 97), (32, 32), (33, 32), (5, 90), (700, 30), (20, 18)):
        picture(width, height).save(folder / f"{width}x{height}.png")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture(70 + orientation, 41).save(folder / f"turned{orientation}.jpg", exif=exif)
    picture(50, 40, 4).save(folder / "alpha.png")
    picture(50, 40, 1).save(folder / "grey.png")
    picture(50, 40, 2).save(folder / "grey-alpha.png")
    picture(50, 40).convert("P").save(folder / "palette.png", transparency=3)
    picture(50, 40, 4).convert("CMYK").save(folder / "cmyk.jpg")
    deep = np.linspace(0, 5000, 50 * 40).astype(np.uint16).reshape(40, 50)
    Image.fromarray(deep).save(folder / "deep.png")
    Image.fromarray(deep).save(folder / "white-is-zero.tif", tiffinfo={262: 0})
    damaged = picture(64, 48)
    damaged.save(folder / "damaged-exif.jpg", exif=DAMAGED)
    return sorted(folder.iterdir())


def loaded_script(tmp_path: Path) -> types.ModuleType:
    module = types.ModuleType("predict")
    exec(compile(script(FORMATS["pt2"]), str(tmp_path / "predict.py"), "exec"), vars(module))
    return module


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.key)
def test_pixels_are_equal_to_the_last_bit(view: View, files: list[Path], tmp_path: Path) -> None:
    model = ExportedModel(nn.Identity(), TARGET, view, (0.5,) * 3, (0.5,) * 3, 1.0, SCALE, None, 1)
    facts, predict = file_facts(model, parse({}), int8=False), loaded_script(tmp_path)
    with pytest.raises(TypeError), Image.open(files[0].parent / "damaged-exif.jpg") as damaged:
        ImageOps.exif_transpose(damaged)
    for path in files:
        expected = view.transform()(upright_rgb(open_image(path), SCALE)).transpose(1, 2, 0)
        np.testing.assert_array_equal(predict.pixels(path, facts), expected, err_msg=path.name)


def test_pixels_of_an_unknown_depth_are_refused(files: list[Path], tmp_path: Path) -> None:
    model = ExportedModel(nn.Identity(), TARGET, VIEW, (0.5,) * 3, (0.5,) * 3, 1.0, None, None, 1)
    facts = file_facts(model, parse({}), int8=False)
    with pytest.raises(ValueError, match="more than 8 bits"):
        loaded_script(tmp_path).pixels(next(each for each in files if each.name == "deep.png"), facts)


def test_formats_are_those_of_autotl_without_ghostscript(tmp_path: Path) -> None:
    predict = loaded_script(tmp_path)
    assert predict.FORMATS == _FORMATS
    path = tmp_path / "photo.jpg"
    picture(20, 20).save(path, "EPS")
    with pytest.raises(UnidentifiedImageError):
        predict.opened(path)


def test_an_unreadable_image_does_not_end_the_list(tmp_path: Path) -> None:
    fake = """
def load(path):
    return {"names": ["\N{SNOWMAN}"], "target": "single_label", "input_size": 8, "crop_pct": 1.0,
            "crop_mode": "center", "interpolation": "bilinear", "fill": [0, 0, 0]}, run

def run(pixels):
    return np.ones((len(pixels), 1)), None

"""
    before, after = script(FORMATS["pt2"]).split("def load(path):")
    code = (
        before.replace("import torch", "") + fake + "def opened(path):" + after.split("def opened(path):")[1]
    )
    (tmp_path / "predict.py").write_text(code, encoding="utf-8")
    (tmp_path / "bad.jpg").write_bytes(b"none")
    picture(20, 20).save(tmp_path / "good.png")
    ended = subprocess.run(
        [sys.executable, "-B", "predict.py", "model.pt2", "bad.jpg", "good.png"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
    )
    assert ended.returncode == 1
    assert ended.stdout == "good.png\t\\u2603\t1.0000\n"
    assert ended.stderr.startswith("bad.jpg cannot be read: ")


@pytest.mark.parametrize("name", ["coreml", "onnx", "openvino", "pt2"])
def test_the_script_of_each_format_compiles(name: str) -> None:
    compile(script(FORMATS[name]), "predict.py", "exec")


def test_each_kind_of_target_has_its_answer(tmp_path: Path) -> None:
    predict = loaded_script(tmp_path)
    row = np.array([0.2, 0.8])
    for kind, expected in (
        ("single_label", ["b", "0.8000"]),
        ("multi_label", ["b=0.8000"]),
        ("regression", ["a=0.2", "b=0.8"]),
    ):
        assert predict.answer(row, {"names": ["a", "b"], "target": kind}) == expected
