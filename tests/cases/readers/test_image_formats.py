"""Files of every format become the picture that a person sees."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl.data import failure_reason, open_image, without_pillow_warnings
from tests.cases.pictures import pixels
from tests.cases.raw_files import chunk, png, pnm, ramp

SCENE = np.kron(pixels(0, 1, size=(4, 3)), np.ones((8, 8, 1), np.uint8))
PICTURE = Image.fromarray(SCENE)
OTHER = Image.fromarray(255 - SCENE)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def shown(stored: bytes) -> np.ndarray:
    with without_pillow_warnings():
        return np.asarray(open_image(stored)).astype(int)


@pytest.mark.parametrize(
    ("mode", "form", "options", "off"),
    [
        ("CMYK", "JPEG", {"quality": 100, "subsampling": 0}, 12),
        ("CMYK", "TIFF", {}, 1),
        ("YCbCr", "TIFF", {}, 4),
        ("LAB", "TIFF", {}, 8),
        ("RGBA", "TIFF", {}, 0),
        ("RGBA", "WEBP", {"lossless": True}, 0),
        ("RGB", "JPEG2000", {}, 0),
        ("RGB", "BMP", {}, 0),
    ],
)
def test_other_colour_spaces_are_shown_in_rgb(mode: str, form: str, options: Any, off: int) -> None:
    found = shown(saved(PICTURE.convert(mode), form, **options))
    assert np.abs(found - SCENE).max() <= off


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "MPO", "AVIF"])
def test_of_several_frames_the_first_is_seen(form: str) -> None:
    Image.init()
    if form not in Image.SAVE_ALL:
        pytest.skip(f"Pillow writes no {form} here")
    options = {"lossless": True} if form == "WEBP" else {"quality": 100} if form in ("MPO", "AVIF") else {}
    found = shown(saved(PICTURE, form, save_all=True, append_images=[OTHER], **options))
    assert np.abs(found - SCENE).mean() < 8


def test_each_colour_of_a_palette_may_be_half_clear() -> None:
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), "L").convert("P")
    image.putpalette([200, 0, 0, 0, 0, 200])
    stored = saved(image, "PNG", transparency=bytes([0, 128]))
    assert shown(stored)[0].tolist() == [[255, 255, 255], [127, 127, 227]]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("turn", [0, 1, 6, 9, 255])
def test_pictures_are_turned_as_their_camera_says(form: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if form == "WEBP" else {"quality": 100} if form == "JPEG" else {}
    found = shown(saved(PICTURE, form, exif=exif, **options))
    due = np.rot90(SCENE, -1) if turn == 6 else SCENE
    assert found.shape == due.shape
    assert np.abs(found - due).mean() < 8


def test_an_ending_of_another_format_is_no_matter(here: Path) -> None:
    for name in ("picture.jpg", "picture.gif", "PICTURE.TIF"):
        Path(name).write_bytes(saved(PICTURE, "PNG"))
        assert np.array_equal(np.asarray(open_image(Path(name))), SCENE)


GREY = ramp(255)
BOMB = b"k\0\0" + zlib.compress(bytes(2**26))
BITMAP = struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 2**20, 2**20, 1, 24, *[0] * 6)
DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not an image of a known format"),
    "no-pixels": (png(np.zeros((0, 0))), "not an image of a known format"),
    "cut-short": (saved(PICTURE, "PNG")[:60], "truncated"),
    "cut-at-its-end": (saved(PICTURE, "JPEG")[:-40], "truncated"),
    "html": (b"<html>Not found</html>", "not an image of a known format"),
    "svg": (b"<svg/>", "not an image of a known format"),
    "lfs-pointer": (b"version https://git-lfs.github.com/spec/v1\n", "not an image of a known format"),
    "value-above-white": (b"P2 2 1 255\n0 300\n", "too large"),
    "text-bomb": (png(GREY, bits=8, before=chunk(b"zTXt", BOMB)), "too large"),
    "profile-bomb": (png(GREY, bits=8, before=chunk(b"iCCP", BOMB)), "too large"),
    "sizes-that-lie": (b"BM" + BITMAP, "pixels"),
}


@pytest.mark.parametrize("form", DAMAGED)
def test_a_damaged_file_is_told_in_words(form: str) -> None:
    stored, why = DAMAGED[form]
    with pytest.raises(Exception, match=r".*") as told, without_pillow_warnings():
        open_image(stored)
    assert why in failure_reason(told.value)


@pytest.mark.parametrize(
    ("name", "why"), [("gone.png", "no such file"), ("nowhere.png", "no such file"), ("loop.png", "levels")]
)
def test_a_link_that_leads_nowhere_is_told_in_words(here: Path, name: str, why: str) -> None:
    Path("nowhere.png").symlink_to("gone.png")
    Path("loop.png").symlink_to("loop.png")
    with pytest.raises(OSError, match=r".*") as told:
        open_image(here / name)
    assert why in failure_reason(told.value)


def test_a_junk_profile_costs_nothing() -> None:
    stored = png(GREY, bits=8, before=chunk(b"iCCP", b"k\0\0" + zlib.compress(b"junk")))
    assert np.array_equal(shown(stored)[..., 0], GREY)
    assert np.array_equal(shown(pnm(GREY >> 4, top=15))[..., 0], (GREY >> 4) * 17)
