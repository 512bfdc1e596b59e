"""Images of a prediction are listed from any form of input."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from autotl.api import PixelScale, Reader
from autotl.builtin.readers.tables import Tables
from autotl.data import prediction_images
from autotl.errors import DataError


def readers() -> Mapping[str, Reader]:
    return {"tables": Tables()}


def no_readers() -> Mapping[str, Reader]:
    raise AssertionError("no reader is needed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        path = tmp_path / f"new/x/{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 2), (number, 0, 0)).save(path)
    return tmp_path


def seen(images: Any, **options: Any) -> list[tuple[str, int]]:
    """Names, and the red of the first pixel, which numbers the image."""
    found = prediction_images(images, **{"readers": readers} | options)
    return [(each.name, np.asarray(each.open().convert("RGB"))[0, 0, 0].item()) for each in found]


def test_files_folders_and_zips_are_named_as_they_were_given(folder: Path) -> None:
    expected = [(f"new/x/{number}.png", number) for number in range(3)]
    files = sorted(Path("new/x").iterdir())
    for images in ("new", Path("new"), ["new"], files, (str(each) for each in files), Path("new").glob("*")):
        assert seen(images, readers=no_readers) == expected
    assert seen("new/x/1.png", readers=no_readers) == expected[1:2]
    with zipfile.ZipFile("new.zip", "w") as archive:
        for each in files:
            archive.write(each, each.name)
    assert seen("new.zip", readers=no_readers) == [(f"new.zip/{number}.png", number) for number in range(3)]


def test_tables_need_no_labels(folder: Path) -> None:
    frame = pd.DataFrame({"image": [f"new/x/{number}.png" for number in range(3)]})
    frame.to_csv("new.csv", index=False)
    frame.assign(id=range(3)).to_csv("ids.csv", index=False)
    expected = [(f"new/x/{number}.png", number) for number in range(3)]
    for table in (frame, "new.csv", ["new.csv"], "ids.csv", frame["image"], frame["image"].to_numpy()):
        assert seen(table) == expected
    frame["picture"] = [Path(each).read_bytes() for each in frame["image"]]
    assert [red for _, red in seen(frame, image="picture")] == [0, 1, 2]
    held = [{"bytes": content, "path": f"{n}.png"} for n, content in enumerate(frame["picture"])]
    assert seen(pd.DataFrame({"image": held})) == [(f"{number}.png", number) for number in range(3)]


def test_images_in_memory_are_numbered(folder: Path) -> None:
    paths = sorted(Path("new/x").iterdir())
    arrays = np.stack([np.asarray(Image.open(path)) for path in paths])
    expected = [(f"image {number}", number) for number in range(3)]
    contents = [path.read_bytes() for path in paths]
    for images in (
        arrays,
        list(arrays),
        torch.from_numpy(arrays).permute(0, 3, 1, 2),
        [Image.fromarray(each) for each in arrays],
        contents,
        map(io.BytesIO, contents),
    ):
        assert seen(images, readers=no_readers) == expected
    assert seen(arrays[1]) == [("image 0", 1)]
    assert seen(contents[2]) == [("image 0", 2)]
    with paths[1].open("rb") as file:
        assert seen(file) == [("new/x/1.png", 1)]
    batches = (torch.from_numpy(arrays[start : start + 2]) for start in (0, 2))
    assert [red for _, red in seen(batches)] == [0, 1, 2]


@pytest.mark.parametrize("channels", [3, 4])
def test_a_shape_of_two_meanings_is_refused_with_what_to_do(channels: int) -> None:
    pixels = np.zeros((channels, 20, 30), np.uint8)
    with pytest.raises(DataError, match=r"transpose\(1, 2, 0\) for the one image"):
        prediction_images(pixels, readers=no_readers)
    assert len(seen(pixels.transpose(1, 2, 0))) == 1
    assert len(seen(pixels[..., None])) == channels
    assert len(seen(torch.from_numpy(pixels))) == 1


@pytest.mark.parametrize("images", [None, 3, {"a.png": 1}, {"image": ["a.png"]}, np.zeros(3)])
def test_inputs_without_images_are_refused(images: Any) -> None:
    with pytest.raises(DataError, match=r"must not be None|must be images|must have the shape"):
        prediction_images(images, readers=no_readers)


def test_a_wrong_type_among_images_is_refused_and_a_missing_one_costs_its_row(folder: Path) -> None:
    with pytest.raises(DataError, match=r"image 1 must be an image .got the type int"):
        list(prediction_images(["new/x/1.png", 3], readers=no_readers))
    for missing in (None, "", " ", float("nan"), pd.NA, "gone.png", "empty", "new.txt"):
        Path("empty").mkdir(exist_ok=True)
        broken, good = prediction_images([missing, "new/x/1.png"], readers=readers)
        with pytest.raises((DataError, OSError)):
            broken.open()
        assert good.open().size == (4, 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_are_skipped_without_waiting(folder: Path) -> None:
    os.mkfifo("new/x/pipe.png")
    Path("new/x/again").symlink_to(folder / "new")
    assert [name for name, _ in seen("new")] == [f"new/x/{number}.png" for number in range(3)]
    (pipe,) = prediction_images("new/x/pipe.png", readers=no_readers)
    with pytest.raises(DataError, match="a pipe"):
        pipe.open()


def test_floats_on_another_scale_than_the_models_are_refused() -> None:
    known = PixelScale(floats=(0, 1))
    bright = np.full((4, 4, 3), 200.0, dtype=np.float32)
    with pytest.raises(DataError, match="floats between 0 and 1, as the model"):
        list(prediction_images([bright], readers=dict, scale=known))
    dark = np.zeros((4, 4, 3), dtype=np.float32)  # black is black on every scale
    (black,) = prediction_images([dark], readers=dict, scale=known)
    assert np.asarray(black.open()).max() == 0


def test_arrays_on_the_models_own_scale_need_no_usual_one_and_a_broken_one_costs_its_row() -> None:
    warm = np.full((4, 4), 200.0, dtype=np.float32)
    broken = np.full((4, 4), np.nan, dtype=np.float32)
    known = PixelScale(floats=(-60, 300))
    good, bad = prediction_images([warm, broken], readers=dict, scale=known)
    assert good.open().size == (4, 4)
    with pytest.raises(DataError):
        bad.open()


def test_images_with_their_labels_are_no_images() -> None:
    with pytest.raises(DataError, match="Give the images alone"):
        prediction_images((np.zeros((3, 4, 4, 3), np.uint8), np.array([0, 1, 0])), readers=dict)
    with pytest.raises(DataError, match="Give the images alone"):
        prediction_images((["a.png", "b.png"], ["a", "b"]), readers=dict)


def test_a_path_that_is_no_path_costs_its_row(folder: Path) -> None:
    (picture,) = prediction_images(["x" * 300 + ".jpg"], readers=dict)
    with pytest.raises((DataError, OSError)):
        picture.open()
