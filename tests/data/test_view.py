"""Images are preprocessed as timm does."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform

from autotl.api import DataConfig, Dataset
from autotl.builtin.readers.folders import Folders
from autotl.data import View, read, render, render_images, view_of
from autotl.errors import DataError, UnknownName

Make = Callable[..., Dataset]
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


def picture(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def config(*, interpolation: str = "bicubic", crop_pct: float = 0.9, crop_mode: str = "center") -> DataConfig:
    return DataConfig(64, MEAN, STD, interpolation, crop_pct, crop_mode, False)


@pytest.mark.parametrize("size", [(32, 32), (101, 67), (50, 140)])
@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize(
    ("interpolation", "crop_pct"), [("bicubic", 0.95), ("bilinear", 0.875), ("bicubic", 1.0)]
)
def test_it_equals_timm_up_to_normalisation(
    size: tuple[int, int], crop_mode: str, interpolation: str, crop_pct: float
) -> None:
    image = picture(*size)
    view = view_of(config(interpolation=interpolation, crop_pct=crop_pct, crop_mode=crop_mode), input_size=48)
    seen = view.transform()(image)
    assert (seen.dtype, seen.shape) == (np.uint8, (3, 48, 48))
    ours = (torch.from_numpy(seen).float() / 255 - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[
        :, None, None
    ]
    timms = create_transform(
        48,
        is_training=False,
        interpolation=interpolation,
        crop_pct=crop_pct,
        crop_mode=crop_mode,
        mean=MEAN,
        std=STD,
    )(image)
    torch.testing.assert_close(ours, timms, rtol=0, atol=1e-6)


def test_with_a_margin_the_shorter_side_is_an_eighth_larger_and_the_centre_is_kept() -> None:
    image = picture(150, 75)
    view = view_of(config(), input_size=56, margin=True)
    assert view.pixels == 64
    expected = image.resize((128, 64), Image.Resampling.BICUBIC).crop((32, 0, 96, 64))
    assert (view.transform()(image) == np.asarray(expected).transpose(2, 0, 1)).all()


def test_the_key_differs_where_the_pixels_do_and_only_there() -> None:
    views = [
        view_of(config(crop_pct=pct, crop_mode=mode), input_size=input_size, margin=margin)
        for pct in (0.9, 0.95)
        for mode in ("center", "squash", "border")
        for input_size in (32, 48)
        for margin in (False, True)
    ]
    keys = {view.key for view in views}
    assert len(keys) == 2 * 3 * 2 + 2  # the margin does not depend on the crop in evaluation
    assert View(32, "bicubic", 1.0, "center", fill=(0, 0, 0)).key == View(32, "bicubic", 1.0, "center").key


def test_invalid_views_are_refused() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'bicubic'"):
        View(32, "bicubik", 1.0, "center")
    with pytest.raises(UnknownName, match="crop mode"):
        View(32, "bicubic", 1.0, "middle")
    with pytest.raises(DataError, match="must be above 0"):
        View(0, "bicubic", 1.0, "center")


def test_rows_are_rendered_in_the_order_asked_for_and_into_a_given_array(make: Make, tmp_path: Path) -> None:
    dataset, view = make(["a", "b"] * 40), view_of(config(), input_size=16)
    rows = np.array([5, 0, 79, 5])
    seen = render(dataset, rows, view, threads=2)
    assert seen.shape == (4, 3, 16, 16)
    assert (seen[0] == seen[3]).all()
    one_by_one = render_images([dataset.openers[row]() for row in rows], view)
    assert (seen == one_by_one).all()
    out = np.lib.format.open_memmap(tmp_path / "out.npy", mode="w+", dtype=np.uint8, shape=seen.shape)
    assert render(dataset, rows, view, out=out) is out
    out.flush()
    assert (np.load(tmp_path / "out.npy") == seen).all()
    with pytest.raises(DataError, match="out must be uint8"):
        render(dataset, rows[:2], view, out=out)


def test_images_of_any_mode_are_shown() -> None:
    images = [picture(20, 30), picture(20, 30).convert("L"), Image.new("RGBA", (9, 9))]
    assert render_images(images, view_of(config(), input_size=8)).shape == (3, 3, 8, 8)
    assert render_images([], view_of(config(), input_size=8)).shape == (0, 3, 8, 8)


def test_nothing_to_render_is_an_empty_array(make: Make) -> None:
    assert render(make(["a", "b"]), np.array([], dtype=np.int64), view_of(config(), input_size=8)).shape == (
        0,
        3,
        8,
        8,
    )


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1)])
def test_a_thin_image_takes_no_more_memory_than_others(size: tuple[int, int], crop_mode: str) -> None:
    image = Image.new("RGB", size, (9, 90, 200))
    view = view_of(config(crop_mode=crop_mode, crop_pct=1.0), input_size=48)
    tracemalloc.start()
    seen = view.transform()(image)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    assert seen.shape == (3, 48, 48)
    assert (seen == np.array([9, 90, 200])[:, None, None]).all(0).any()


def test_the_middle_of_a_narrow_image_is_unchanged() -> None:
    narrow = picture(12, 12 * 40)
    view = view_of(config(crop_pct=1.0), input_size=12)
    theirs = create_transform(
        12, is_training=False, interpolation="bicubic", crop_pct=1.0, use_prefetcher=True
    )
    assert (view.transform()(narrow) == theirs(narrow).numpy()).all()


def test_an_image_that_vanishes_or_changes_is_named(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(3):
            picture(20 + number, 30).save(tmp_path / label / f"{number}.png")
    dataset = read(tmp_path, readers={"folders": Folders()})
    rows = np.arange(len(dataset))
    view = view_of(config(), input_size=8)
    file = tmp_path / "a/1.png"
    sound = file.read_bytes()
    for change, why in (
        (file.unlink, "no such file"),
        (lambda: file.write_bytes(sound[:60]), r"a/1\.png has changed since"),
        (lambda: picture(7, 9).save(file), "it had 21 × 30 pixels and has 7 × 9"),
    ):
        change()
        with pytest.raises(DataError, match=why):
            render(dataset, rows, view)
    file.write_bytes(sound)
    assert len(render(dataset, rows, view)) == 6
