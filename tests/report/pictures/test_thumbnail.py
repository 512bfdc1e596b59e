"""A thumbnail is a small, upright RGB image without metadata, whatever the original."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from autotl.report.pictures import thumbnail
from autotl.report.pictures.thumbnail import MAX_BYTES, SIDE, webp_thumbnail


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


def halves() -> Image.Image:
    """A wide image, black on the left and white on the right."""
    pixels = np.zeros((60, 200), dtype=np.uint8)
    pixels[:, 100:] = 255
    return Image.fromarray(pixels)


def test_the_longest_side_is_small_and_the_shape_is_kept() -> None:
    small = opened(webp_thumbnail(Image.new("RGB", (1200, 600))))
    assert small.format == "WEBP"
    assert small.size == (SIDE, SIDE // 2)
    assert opened(webp_thumbnail(Image.new("RGB", (28, 20)))).size == (28, 20)
    assert opened(webp_thumbnail(Image.new("RGB", (4000, 3)))).size == (SIDE, 1)


def test_the_orientation_of_a_photograph_is_applied_and_its_metadata_are_gone() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left side is the top
    exif[0x010F] = "secret camera"
    exif.get_ifd(0x8825)[1] = "N"
    file = BytesIO()
    halves().convert("RGB").save(file, "JPEG", exif=exif, comment=b"secret comment")
    content = webp_thumbnail(Image.open(file))
    small = opened(content)
    assert small.height > small.width
    pixels = np.asarray(small.convert("L"))
    assert pixels[: SIDE // 3].mean() < 30
    assert pixels[-SIDE // 3 :].mean() > 220
    assert not small.getexif()
    assert b"secret" not in content


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "YCbCr", "I", "F", "I;16"])
def test_every_mode_becomes_rgb_and_keeps_its_light_half(mode: str) -> None:
    image = halves()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    elif mode in ("I", "F"):
        image = Image.fromarray(np.asarray(image).astype(np.int32 if mode == "I" else np.float32))
    else:
        image = image.convert("RGB").convert(mode) if mode != "1" else image.convert("1")
    small = opened(webp_thumbnail(image))
    assert small.mode == "RGB"
    pixels = np.asarray(small.convert("L"))
    assert pixels[:, : SIDE // 3].mean() < 60
    assert pixels[:, -SIDE // 3 :].mean() > 200


def test_transparent_pixels_lie_on_white() -> None:
    small = opened(webp_thumbnail(Image.new("RGBA", (50, 50), (0, 0, 0, 0))))
    assert np.asarray(small).min() > 240


def test_the_original_is_not_changed() -> None:
    image = Image.new("RGB", (500, 400), "red")
    image.info["comment"] = "kept"
    webp_thumbnail(image)
    assert image.size == (500, 400)
    assert image.info == {"comment": "kept"}


def test_a_thumbnail_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.effect_noise((900, 900), 200).convert("RGB")
    assert 0 < len(webp_thumbnail(noise)) <= MAX_BYTES
    monkeypatch.setattr(thumbnail, "MAX_BYTES", 10)
    assert webp_thumbnail(noise) == b""
