"""The camera and the time of an image are read from EXIF and kept."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from autotl.builtin.readers.folders import Folders
from autotl.data import open_image, read
from autotl.data.image_files.exif import CAPTURE_KEY, captured
from autotl.testing import tiny_images


def photo(when: str | None, *, image: Image.Image | None = None, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model", orientation
    if when is not None:
        exif.get_ifd(0x8769).update({0x9003: when, 0x9291: "25"})
    stream = BytesIO()
    (image or Image.new("RGB", (8, 6), "red")).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_camera_and_time_outlive_turning_and_conversion(orientation: int, mode: str) -> None:
    image = Image.new(mode, (8, 6))
    first = captured(open_image(photo("2020:05:01 10:00:00", image=image, orientation=orientation)))
    later = captured(open_image(photo("2020:05:01 10:00:02", image=image, orientation=orientation)))
    assert first is not None
    assert later is not None
    assert first[0] == later[0] == "Maker Model"
    assert later[1] - first[1] == pytest.approx(2.0)
    assert first[1] % 1 == pytest.approx(0.25)


@pytest.mark.parametrize("when", [None, "0000:00:00 00:00:00", "yesterday"])
def test_an_unknown_time_is_none(when: str | None) -> None:
    assert captured(open_image(photo(when))) is None


def test_a_damaged_exif_block_is_ignored() -> None:
    image = Image.new("RGB", (8, 6))
    image.info["exif"] = b"Exif\0\0II*\0\xff\xff\xff\xff"
    assert captured(image) is None


@pytest.mark.parametrize("key", ["captured", CAPTURE_KEY])
def test_text_in_a_png_file_is_not_taken_for_a_capture_time(key: str) -> None:
    text, stream = PngInfo(), BytesIO()
    text.add_text(key, "2020-05-01")
    Image.new("RGB", (8, 6), "red").save(stream, "PNG", pnginfo=text)
    image = open_image(stream.getvalue())
    assert image.info[key] == "2020-05-01"
    assert captured(image) is None


def test_a_dataset_knows_when_its_images_were_taken(tmp_path: Path) -> None:
    for number, (pixels, label) in enumerate(zip(*tiny_images(classes=2, each=3), strict=True)):
        (tmp_path / label).mkdir(exist_ok=True)
        when = f"2020:05:01 10:00:{number:02}"
        (tmp_path / label / f"{number}.jpg").write_bytes(photo(when, image=Image.fromarray(pixels)))
    table = read(tmp_path, readers={"folders": Folders()}).table
    seconds = {Path(item).stem: taken[1] for item, taken in zip(table["item"], table["taken"], strict=True)}
    assert seconds["4"] - seconds["1"] == pytest.approx(3.0)
