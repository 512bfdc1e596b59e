"""Pictures of other depths than 8 bits are as bright as their 8-bit versions."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.api import PixelScale
from autotl.data import open_image, upright_rgb
from tests.cases.pictures import found
from tests.cases.raw_files import chunk, grey_tiff, png, pnm, ramp

PLAIN = ramp(255)
DEEP = (PLAIN * 257).astype(np.uint16)
COLOUR = np.dstack([DEEP, DEEP.T, DEEP[::-1]])
WHOLE = PixelScale(integers=(0, 65535))

STORED: dict[str, bytes] = {
    "png-16": png(DEEP),
    "png-16-with-a-clear-grey": png(DEEP, before=chunk(b"tRNS", struct.pack(">H", 5))),
    "png-16-colour": png(COLOUR),
    "png-16-with-a-clear-colour": png(COLOUR, before=chunk(b"tRNS", struct.pack(">HHH", 5, 6, 7))),
    "png-16-with-alpha": png(np.dstack([DEEP, np.full_like(DEEP, 65535)])),
    "pgm-16": pnm(DEEP, top=65535),
    "pgm-10": pnm(DEEP >> 6, top=1023),
    "ppm-16": pnm(COLOUR, top=65535),
    "ppm-10": pnm(COLOUR >> 6, top=1023),
    "tiff-16": grey_tiff(DEEP),
    "tiff-16-big-endian": grey_tiff(DEEP, order=">"),
    "tiff-16-white-is-zero": grey_tiff(65535 - DEEP, white_is_zero=True),
    "tiff-8-white-is-zero": grey_tiff((255 - PLAIN).astype(np.uint8), white_is_zero=True),
    "tiff-32": grey_tiff(DEEP.astype(np.int32), sample=2),
}


@pytest.mark.parametrize("form", STORED)
def test_every_file_of_a_scene_is_the_same_picture(form: str) -> None:
    shown = np.asarray(upright_rgb(open_image(STORED[form]), WHOLE)).astype(int)
    assert np.abs(shown[..., 0] - PLAIN).max() <= 1
    assert shown.shape == (8, 8, 3)


@pytest.mark.parametrize(("bits", "top"), [(1, 255), (2, 255), (4, 255)])
def test_fewer_bits_reach_from_black_to_white(bits: int, top: int) -> None:
    packed = np.array([[0b00000000, 0b11111111]] * 4, dtype=np.uint8)
    shown = np.asarray(open_image(png(packed, bits=bits)))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, -1].tolist() == [top] * 3


@pytest.mark.parametrize(
    ("values", "sample", "scale"),
    [
        (PLAIN.astype(np.float32) / 255, 3, PixelScale(floats=(0, 1))),
        (PLAIN.astype(np.float32), 3, PixelScale(floats=(0, 255))),
        (PLAIN.astype(np.float32) - 100, 3, PixelScale(floats=(-100, 155))),
        (DEEP.astype(np.int32) - 30_000, 2, PixelScale(integers=(-30_000, 35_535))),
        ((DEEP.astype(np.int32) - 32_768).astype(np.int16), 2, PixelScale(integers=(-32_768, 32_767))),
    ],
    ids=["floats-to-1", "floats-to-255", "negative-floats", "negative-int32", "int16"],
)
def test_the_scale_of_a_folder_holds_all_its_pictures(
    here: Path, values: np.ndarray, sample: int, scale: PixelScale
) -> None:
    for label, turned in (("a", values), ("b", values.T.copy())):
        (here / label).mkdir()
        (here / label / "whole.tif").write_bytes(grey_tiff(turned, sample=sample))
        narrow = np.full_like(turned, turned[3, 3] if label == "a" else turned[2, 2])
        (here / label / "narrow.tif").write_bytes(grey_tiff(narrow, sample=sample))
    told = found(here)
    assert told.scale == scale
    assert "In all of these images" in told.notes


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_floats_that_are_no_numbers_cost_their_picture(here: Path, bad: float) -> None:
    for label in "ab":
        (here / label).mkdir()
        for number in range(30):
            values = np.full((4, 4), number / 30 + (label == "b") / 60, dtype=np.float32)
            values[0, 0] = bad if (label, number) == ("a", 3) else values[0, 0]
            (here / label / f"{number}.tif").write_bytes(grey_tiff(values, sample=3))
    assert found(here).unreadable == {"a/3.tif": "some of its pixels are not finite numbers"}


def test_pictures_of_8_and_16_bits_may_lie_together(here: Path) -> None:
    for label in "ab":
        (here / label).mkdir()
    Image.fromarray(PLAIN.astype(np.uint8)).save(here / "a/plain.png")
    (here / "b/deep.png").write_bytes(png(DEEP))
    told = found(here)
    assert told.scale == WHOLE
    assert told.labels == {"a": 1, "b": 1}
