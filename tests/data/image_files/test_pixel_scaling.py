"""All images of a data set have one scale of pixel values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.api import PixelScale
from autotl.builtin.readers.folders import Folders
from autotl.data import read, with_pixel_scale
from autotl.data.image_files.pixel_scaling import choose_scale, extremes_of, scale_notes, to_8_bits

READERS = {"folders": Folders()}
RNG = np.random.default_rng(0)


def scale_of(*ranges: tuple[float, float], dtype: str = "uint16") -> PixelScale:
    return choose_scale([extremes_of(np.array([span], dtype=dtype)) for span in ranges])


@pytest.mark.parametrize(
    ("ranges", "span"),
    [
        ([(0, 40), (0, 255)], (0, 255)),
        ([(0, 3), (7, 9)], (0, 255)),
        ([(0, 100), (5, 1000)], (0, 1023)),
        ([(0, 100), (5, 4095)], (0, 4095)),
        ([(0, 100), (5, 4096)], (0, 16383)),
        ([(0, 100), (5, 20_000)], (0, 65535)),
        ([(7000, 9000), (7100, 9040)], (7000, 9040)),
    ],
    ids=["8", "dark 8", "10", "12", "14", "16 bits", "thermal"],
)
def test_whole_numbers_are_on_the_smallest_scale_that_holds_all(
    ranges: Sequence[tuple[float, float]], span: tuple[float, float]
) -> None:
    assert scale_of(*ranges) == PixelScale(integers=span)


def test_wide_and_negative_whole_numbers_are_stretched_over_all_images() -> None:
    assert scale_of((-1000, 0), (0, 3000), dtype="int32") == PixelScale(integers=(-1000, 3000))
    assert scale_of((0, 10), (0, 70_000), dtype="int32") == PixelScale(integers=(0, 70_000))


@pytest.mark.parametrize(
    ("ranges", "span"),
    [
        ([(0, 0.2), (0.1, 1)], (0, 1)),
        ([(0, 0.2)], (0, 1)),
        ([(-0.004, 0.9), (0, 1.008)], (0, 1)),
        ([(0, 0.9), (0, 250)], (0, 255)),
        ([(0, 100), (-1, 256)], (0, 255)),
        ([(20.5, 31), (22, 37.5)], (20.5, 37.5)),
        ([(-5, 10), (0, 30)], (-5, 30)),
        ([(-2, 0), (0, 3)], (-2, 3)),
        ([(0, 3000)], (0, 3000)),
    ],
)
def test_floats_are_on_the_scale_of_1_or_255_or_stretched(
    ranges: Sequence[tuple[float, float]], span: tuple[float, float]
) -> None:
    assert scale_of(*ranges, dtype="float32").floats == pytest.approx(span)


def test_no_deep_images_need_no_scale() -> None:
    assert choose_scale([]) == PixelScale()
    assert scale_notes(PixelScale(), []) == []


def test_hot_and_dead_pixels_do_not_decide() -> None:
    frame = RNG.integers(200, 4096, (200, 200), dtype=np.uint16)
    frame[:2, :2] = [[60_000, 60_000], [5000, 0]]
    found = [extremes_of(frame)]
    scale = choose_scale(found)
    assert scale == PixelScale(integers=(0, 4095))
    assert scale_notes(scale, found) == [
        "The pixels of 1 images are whole numbers of more than 8 bits, between 0 and 60000. In all of "
        "these images 0 is black and 4095 is white. Pixels outside, in 1 images, are clipped."
    ]
    assert to_8_bits(frame, (0, 4095)).max() == 255


def test_a_few_bright_pixels_on_an_even_ground_are_seen() -> None:
    sky = np.full((200, 200), 3000, dtype=np.uint16)
    sky[7, 7] = 12_000
    assert choose_scale([extremes_of(sky)]) == PixelScale(integers=(0, 16383))


def test_alpha_does_not_decide() -> None:
    values = np.zeros((2, 2, 4), dtype=np.uint16)
    values[..., 3], values[0, 0, 0] = 65535, 1000
    assert choose_scale([extremes_of(values)]) == PixelScale(integers=(0, 1023))


def scenes(folder: Path, *, deep: int, kind: str = "uint16", suffix: str = ".png") -> Path:
    """Pictures of a dim class and one sixteen times as bright; values are ``deep`` times those of 8 bits."""
    rng = np.random.default_rng(0)
    for label, top in (("dim", 16), ("bright", 256)):
        (folder / label).mkdir(parents=True)
        for number in range(6):
            values = rng.integers(0, top, (12, 12)) * deep
            Image.fromarray(values.astype(kind)).save(folder / label / f"{number}{suffix}")
    return folder


@pytest.mark.parametrize(
    ("deep", "kind", "suffix"),
    [(257, "uint16", ".png"), (257, "uint16", ".tif"), (16, "uint16", ".png"), (1, "float32", ".tif")],
)
def test_deep_images_are_as_bright_as_their_8_bit_versions(
    deep: int, kind: str, suffix: str, tmp_path: Path
) -> None:
    plain = read(scenes(tmp_path / "plain", deep=1, kind="uint8"), readers=READERS)
    dataset = read(scenes(tmp_path / "deep", deep=deep, kind=kind, suffix=suffix), readers=READERS)
    expected = {name: opener() for name, opener in zip(plain.table["item"], plain.openers, strict=True)}
    for name, opener in zip(dataset.table["item"], dataset.openers, strict=True):
        found = np.asarray(opener()).astype(int)
        assert np.abs(found - np.asarray(expected[str(Path(name).with_suffix(".png"))])).max() <= 1
    assert plain.notes == ()
    assert "The pixels of 12 images are" in dataset.notes[0]
    same = deep == 257 or kind == "float32"
    assert (dataset.digest == plain.digest) == same  # equal pixels have equal digests in every form


def test_a_data_set_is_seen_at_the_scale_of_a_model(tmp_path: Path) -> None:
    dataset = read(scenes(tmp_path, deep=16), readers=READERS)
    assert dataset.scale == PixelScale(integers=(0, 4095))
    bright = dataset.classes.index("bright")
    row = int(dataset.table.index[dataset.table["label"] == bright][0])
    dim = int(dataset.table.index[dataset.table["label"] != bright][0])
    model = with_pixel_scale(dataset, PixelScale(integers=(0, 65535)))
    assert np.asarray(model.openers[row]()).max() == 16
    assert with_pixel_scale(dataset, PixelScale(floats=(0, 1))).scale == PixelScale((0, 4095), (0, 1))
    alone = with_pixel_scale(dataset, None)  # models that were saved without a scale: each image by itself
    assert np.asarray(alone.openers[dim]()).max() > 200
    assert np.asarray(dataset.openers[dim]()).max() <= 15


def test_only_images_that_were_read_decide_the_scale(tmp_path: Path) -> None:
    root = scenes(tmp_path, deep=16)
    (root / "dim" / "broken.png").write_bytes(b"no picture")
    for number in range(20):
        Image.fromarray(RNG.integers(0, 4096, (4, 4), dtype=np.uint16)).save(root / "dim" / f"x{number}.png")
    dataset = read(root, readers=READERS)
    assert dataset.scale == PixelScale(integers=(0, 4095))
    assert list(dataset.unreadable) == ["dim/broken.png"]
