"""Deep images of a prediction have one scale, even if the model learned from 8-bit images only."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from autotl.api import PixelScale
from autotl.builtin.readers.tables import Tables
from autotl.data import prediction_images
from autotl.errors import DataError

ONLY_8_BITS = PixelScale()
PLAIN = [np.full((9, 9), value, dtype=np.uint8) for value in (15, 240)]
DEEP = [np.rint(pixels / 255 * 4095).astype(np.uint16) for pixels in PLAIN]


def brightness(images: Any, scale: PixelScale | None = ONLY_8_BITS) -> list[int]:
    """The first pixel of each image."""
    found = prediction_images(images, readers=lambda: {"tables": Tables()}, scale=scale)
    return [int(np.asarray(each.open())[0, 0, 0]) for each in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dim and a bright 16-bit image, and a file that is no image."""
    for number, pixels in enumerate(DEEP):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    return tmp_path


def forms(folder: Path) -> Iterator[Any]:
    paths = sorted(folder.glob("*.png"))
    yield folder
    yield paths
    yield [folder]
    yield [path.read_bytes() for path in paths]
    yield [io.BytesIO(path.read_bytes()) for path in paths]
    yield pd.DataFrame({"image": paths})
    yield [Image.fromarray(pixels) for pixels in DEEP]
    yield DEEP
    yield np.stack(DEEP)
    yield pd.Series(DEEP)


@pytest.mark.parametrize("number", range(10))
def test_images_given_together_have_one_scale(folder: Path, number: int) -> None:
    images = list(forms(folder))[number]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert brightness(images) == [15, 240]


def test_a_warning_states_the_scale_once(folder: Path) -> None:
    with pytest.warns(UserWarning, match=r"2 images .* 0 is black and 4095 is white") as caught:
        assert brightness(folder) == [15, 240]
    assert len(caught) == 1


def test_a_broken_file_does_not_hide_the_scale(folder: Path) -> None:
    (folder / "2.png").write_bytes(b"no image")
    found = list(prediction_images(folder, readers=dict, scale=ONLY_8_BITS))
    with pytest.warns(UserWarning, match="2 images"):
        assert np.asarray(found[0].open())[0, 0, 0] == 15
    with pytest.raises(OSError, match="cannot identify"):
        found[2].open()


def test_images_from_a_generator_are_refused_if_they_need_a_scale(folder: Path) -> None:
    for images in (folder.glob("*.png"), iter(DEEP)):
        for found in prediction_images(images, readers=dict, scale=ONLY_8_BITS):
            with pytest.raises(
                DataError, match=r"cannot be chosen from a generator\. Give a folder or a list"
            ):
                found.open()


def test_images_from_a_generator_are_read_if_they_need_no_scale(folder: Path) -> None:
    assert brightness(iter(PLAIN)) == [15, 240]
    assert brightness(pixels / 255 for pixels in PLAIN) == [15, 240]
    assert brightness(folder.glob("*.png"), scale=PixelScale(integers=(0, 4095))) in ([15, 240], [240, 15])


def test_8_bit_images_are_opened_once(folder: Path) -> None:
    opened: list[int] = []

    class Counted(io.BytesIO):
        def read(self, *args: Any) -> bytes:
            opened.append(1)
            return super().read(*args)

    content = io.BytesIO()
    Image.fromarray(PLAIN[1]).save(content, "png")
    assert brightness([Counted(content.getvalue())] * 2) == [240, 240]
    assert len(opened) == 2


def test_without_any_scale_each_file_is_scaled_by_itself(folder: Path) -> None:
    dim, bright = brightness(folder, scale=None)
    assert dim == 241  # 241 of 4095 is on the scale of 8 bits by itself
    assert bright == 240


def test_floats_are_chosen_together_too(tmp_path: Path) -> None:
    values: list[NDArray[np.float32]] = [np.full((4, 4), value, np.float32) for value in (20, 40)]
    values[1][0, 0] = 20
    for number, pixels in enumerate(values):
        Image.fromarray(pixels).save(tmp_path / f"{number}.tif")
    with pytest.warns(UserWarning, match="floats, between 20 and 40"):
        assert brightness(tmp_path) == [0, 0]
