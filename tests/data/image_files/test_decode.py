"""Every stored form of an image becomes the same upright RGB image."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.api import PixelScale
from autotl.data import open_image, pixel_digest, upright_rgb, without_pillow_warnings
from autotl.errors import DataError

RNG = np.random.default_rng(0)
RGB = Image.fromarray(RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8))
GREY = RGB.convert("L")


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def pixels(image: Image.Image) -> np.ndarray:
    assert image.mode == "RGB"
    return np.asarray(image)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_rgb_and_grey_pixels_are_kept(form: str) -> None:
    assert (pixels(open_image(saved(RGB, form))) == pixels(RGB)).all()
    assert (pixels(open_image(saved(GREY, form))) == np.asarray(GREY)[..., None]).all()


def test_an_upright_rgb_image_is_returned_unchanged() -> None:
    assert upright_rgb(RGB) is RGB


@pytest.mark.parametrize("mode", ["RGBA", "LA", "La", "RGBa"])
def test_transparent_pixels_lie_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    clear.putpixel((1, 0), (0, 0, 0, 255))
    image = clear.convert("LA").convert(mode) if mode == "La" else clear.convert(mode)
    assert pixels(upright_rgb(image)).tolist() == [[[255] * 3, [0] * 3]]


def test_half_transparent_is_blended() -> None:
    assert pixels(upright_rgb(Image.new("RGBA", (1, 1), (255, 0, 0, 128))))[0, 0].tolist() == [255, 127, 127]


def test_a_palette_is_looked_up_and_its_transparent_colour_is_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    assert pixels(open_image(saved(image, "PNG"))).tolist() == [[[10, 20, 30], [40, 50, 60]]]
    assert pixels(open_image(saved(image, "PNG", transparency=1)))[0].tolist() == [[10, 20, 30], [255] * 3]
    assert pixels(open_image(saved(image, "GIF", transparency=1)))[0].tolist() == [[10, 20, 30], [255] * 3]


def test_a_transparent_colour_of_an_rgb_png_is_white() -> None:
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((0, 0), (9, 9, 9))
    found = open_image(saved(image, "PNG", transparency=(1, 2, 3)))
    assert pixels(found).tolist() == [[[9] * 3, [255] * 3]]


def test_one_bit_is_black_and_white() -> None:
    assert set(pixels(open_image(saved(GREY.convert("1"), "PNG"))).ravel()) == {0, 255}


def test_cmyk_becomes_rgb() -> None:
    assert pixels(open_image(saved(Image.new("CMYK", (1, 1), (0, 0, 0, 0)), "TIFF"))).tolist() == [
        [[255] * 3]
    ]


@pytest.mark.parametrize(("top", "low"), [(65535, 257), (4095, 16), (255, 1)])
def test_16_bit_values_are_scaled_by_the_bits_they_use(top: int, low: int) -> None:
    image = Image.fromarray(np.array([[0, low, top]], dtype=np.uint16))
    assert pixels(open_image(saved(image, "PNG")))[0, :, 0].tolist() == [0, 1, 255]
    assert pixels(open_image(saved(image, "TIFF")))[0, :, 0].tolist() == [0, 1, 255]


def png16(values: np.ndarray) -> bytes:
    """A PNG of 16 bits with 1 to 4 channels, which Pillow does not write."""
    height, width = values.shape[:2]
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[1 if values.ndim == 2 else values.shape[2]]

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def tiff16(values: np.ndarray, *, order: str, packed: bool) -> bytes:
    """A colour TIFF of 16 bits in either byte order, compressed or not."""
    height, width, channels = values.shape
    data = values.astype(f"{order}u2").tobytes()
    data = zlib.compress(data) if packed else data
    start = 8 + 2 * channels
    end = start + len(data) + len(data) % 2
    short, long = 3, 4
    tags = [
        (256, short, 1, width),
        (257, short, 1, height),
        (258, short, channels, 8),
        (259, short, 1, 8 if packed else 1),
        (262, short, 1, 2),
        (273, long, 1, start),
        (277, short, 1, channels),
        (278, short, 1, height),
        (279, long, 1, len(data)),
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, end)
    content = (head + struct.pack(f"{order}{channels}H", *[16] * channels) + data).ljust(end, b"\0")
    content += struct.pack(f"{order}H", len(tags))
    for tag, kind, count, value in tags:
        one = struct.pack(f"{order}HH", value, 0) if kind == short and count == 1 else None
        content += struct.pack(f"{order}HHI", tag, kind, count) + (one or struct.pack(f"{order}I", value))
    return content + struct.pack(f"{order}I", 0)


DEEP = RNG.integers(0, 4096, (5, 7, 3)).astype(np.uint16)
TWELVE = PixelScale(integers=(0, 4095))


@pytest.mark.parametrize(
    "stored",
    [
        png16(DEEP),
        png16(np.dstack([DEEP, np.full((5, 7), 65535)])),
        *(tiff16(DEEP, order=order, packed=packed) for order in "<>" for packed in (True, False)),
    ],
    ids=["PNG", "PNG with alpha", "TIFF II packed", "TIFF II", "TIFF MM packed", "TIFF MM"],
)
def test_colour_of_16_bits_keeps_all_of_them(stored: bytes) -> None:
    found = pixels(upright_rgb(open_image(stored), TWELVE))
    assert (found == np.rint(DEEP / 4095 * 255)).all()


def test_grey_and_colour_of_one_scene_are_equally_bright() -> None:
    grey = DEEP[..., 0]
    opaque = np.full_like(grey, 65535)
    scenes = [grey, np.dstack([grey, opaque]), np.dstack([grey] * 3), np.dstack([grey] * 3 + [opaque])]
    shown = [pixels(upright_rgb(open_image(png16(scene)), TWELVE)) for scene in scenes]
    assert all((each == shown[0]).all() for each in shown)
    assert (shown[0][..., 0] == np.rint(grey / 4095 * 255)).all()


def test_transparent_pixels_of_16_bits_lie_on_white() -> None:
    clear = np.dstack([DEEP, np.zeros((5, 7))])
    assert (pixels(upright_rgb(open_image(png16(clear)), TWELVE)) == 255).all()


def test_deep_images_are_turned_and_clipped() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    values = np.array([[0, 1000], [2000, 9000]], dtype=np.uint16)
    found = upright_rgb(open_image(saved(Image.fromarray(values), "PNG", exif=exif)), PixelScale((0, 2000)))
    assert pixels(found)[..., 0].tolist() == [[255, 0], [255, 128]]


def test_an_image_that_was_changed_loses_its_deep_values(tmp_path: Path) -> None:
    (tmp_path / "deep.png").write_bytes(png16(DEEP))
    opened = open_image(tmp_path / "deep.png")
    part = opened.crop((0, 0, 2, 2))
    assert upright_rgb(part, TWELVE).size == (2, 2)
    assert (pixels(upright_rgb(part, TWELVE)) == pixels(part)).all()
    with Image.open(tmp_path / "deep.png") as lazy:  # by its path Pillow's image is read again in full
        assert (pixels(upright_rgb(lazy, TWELVE)) == pixels(upright_rgb(opened, TWELVE))).all()


@pytest.mark.parametrize("values", [[-1000, 0, 1000], [0, 500_000, 1_000_000]])
def test_wider_integers_are_stretched(values: list[int]) -> None:
    image = Image.fromarray(np.array([values], dtype=np.int32))
    assert pixels(upright_rgb(image))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("values", [[0, 0.2, 1], [0, 51, 255], [-1, -0.6, 1]])
def test_floats_are_scaled_by_the_range_they_use(values: list[float]) -> None:
    image = Image.fromarray(np.array([values], dtype=np.float32))
    assert pixels(upright_rgb(image))[0, :, 0].tolist() == [0, 51, 255]


def test_a_flat_float_image_is_black_and_one_with_nan_is_refused() -> None:
    assert not pixels(upright_rgb(Image.new("F", (2, 2), -7.0))).any()
    with pytest.raises(DataError, match="finite"):
        upright_rgb(Image.new("F", (2, 2), float("nan")))


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_orientation_is_honoured_once(turn: int) -> None:
    back = {5: 5, 6: 8, 7: 7, 8: 6}.get(turn, turn)  # what undoes each turn
    exif = Image.Exif()
    exif[0x0112] = back
    stored = upright_rgb(open_image(saved(RGB, "PNG", exif=exif)))
    exif[0x0112] = turn
    again = upright_rgb(open_image(saved(stored, "PNG", exif=exif)))
    assert (pixels(upright_rgb(again)) == pixels(RGB)).all()


def test_a_damaged_exif_block_does_not_cost_the_image() -> None:
    with without_pillow_warnings():
        assert (
            pixels(open_image(saved(RGB, "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"))) == pixels(RGB)
        ).all()


def test_the_first_frame_of_many_is_taken() -> None:
    frames = saved(GREY, "GIF", save_all=True, append_images=[GREY.point(lambda v: 255 - v)])
    assert (pixels(open_image(frames)) == np.asarray(GREY)[..., None]).all()


def png_header(width: int, height: int) -> bytes:
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + crc + b"\0\0\0\0IDAT" + b"\0" * 16


@pytest.mark.parametrize("side", [10_000, 50_000])
def test_a_decompression_bomb_is_an_error_and_not_a_warning(side: int, tmp_path: Path) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(side, side))
    with (
        without_pillow_warnings(),
        pytest.raises((Image.DecompressionBombError, Image.DecompressionBombWarning)),
    ):
        open_image(tmp_path / "bomb.png")


def test_a_truncated_jpeg_and_a_text_file_are_errors() -> None:
    with pytest.raises(OSError, match="truncated"):
        open_image(saved(RGB.resize((99, 99)), "JPEG")[:700])
    with pytest.raises(OSError, match="cannot identify"):
        open_image(b"I am no picture.")


def test_postscript_is_never_run() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        open_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")


def test_the_digest_depends_on_shape_and_pixels() -> None:
    wide, high = Image.new("RGB", (4, 2)), Image.new("RGB", (2, 4))
    assert len({pixel_digest(wide), pixel_digest(high), pixel_digest(Image.new("RGB", (4, 2), "red"))}) == 3
    assert pixel_digest(wide) == pixel_digest(Image.new("RGB", (4, 2)))
