"""Tables of predictions: a broken image costs its own row, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image

from autotl.api import TargetSpec
from autotl.builtin.readers.tables import Tables
from autotl.data import View
from autotl.errors import DataError
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.predictions import (
    BATCH_SIZE,
    ViewedImages,
    prediction_table,
    prediction_tables,
)
from autotl.targets import SingleLabel


class Bright:
    """Classifies images by brightness."""

    target = SingleLabel(TargetSpec("single_label", ("dark", "light")))
    scale = None
    intervals = None
    views = (View(8, "bilinear", 1.0, "center"),)

    def outputs_of_views(self, images: ViewedImages) -> NDArray[np.float32]:
        mean = images[0].reshape(len(images[0]), -1).mean(1) / 32 - 4
        return np.stack([-mean, mean], axis=1).astype(np.float32)


def picture(value: int) -> Image.Image:
    return Image.new("RGB", (9, 9), (value, value, value))


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for number, value in enumerate((0, 255, 255, 0)):
        picture(value).save(tmp_path / f"{number}.png")
    broken = tmp_path / "2.png"
    broken.write_bytes(broken.read_bytes()[:50])
    return sorted(tmp_path.iterdir())


def test_a_broken_image_has_a_row_with_the_reason(files: list[Path]) -> None:
    table = prediction_table(files, Bright(), PredictionOptions())
    assert table["path"].tolist() == [str(each) for each in files]
    assert table["label"].tolist() == ["dark", "light", None, "dark"]
    assert table["probability"].isna().tolist() == [False, False, True, False]
    assert table["error"].map(bool).tolist() == [False, False, True, False]
    with pytest.raises(DataError, match=r"2\.png cannot be read"):
        prediction_table(files, Bright(), PredictionOptions(strict=True))


def test_it_has_one_row_also_where_others_have_several(files: list[Path]) -> None:
    table = prediction_table(files, Bright(), PredictionOptions(top=2, probabilities=True))
    assert table["rank"].tolist() == [1, 2, 1, 2, 1, 1, 2]
    sound = table[table["error"] == ""]
    assert np.allclose(sound["p:dark"] + sound["p:light"], 1)
    own = sound["p:dark"].where(sound["label"] == "dark", sound["p:light"])
    assert np.allclose(sound["probability"], own)


def test_if_no_image_can_be_read_it_is_an_error(files: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"No image can be read: .*2\.png"):
        prediction_table(files[2:3], Bright(), PredictionOptions())
    with pytest.raises(DataError, match=r"gone\.png \(no such file\)"):
        prediction_table(tmp_path / "gone.png", Bright(), PredictionOptions())
    with pytest.raises(DataError, match="no image was given"):
        prediction_table([], Bright(), PredictionOptions())


def test_a_frame_keeps_its_index(files: list[Path]) -> None:
    table = prediction_table(files, Bright(), PredictionOptions(top=2))
    assert table.index.tolist() == list(range(7))
    frame = pd.DataFrame({"image": list(map(str, files))}, index=[10, 11, 12, 13])
    asked = PredictionOptions(top=2, readers=lambda: {"tables": Tables()})
    assert prediction_table(frame, Bright(), asked).index.tolist() == [10, 10, 11, 11, 12, 13, 13]


def test_a_stream_is_read_no_further_than_needed() -> None:
    taken = []

    def stream() -> Iterator[Image.Image]:
        for number in range(10 * BATCH_SIZE):
            taken.append(number)
            yield picture(number % 256)

    parts = prediction_tables(stream(), Bright(), PredictionOptions())
    assert len(next(parts)) == BATCH_SIZE
    assert len(taken) == BATCH_SIZE
    assert sum(map(len, parts)) == 9 * BATCH_SIZE


def test_names_that_are_not_utf_8_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.png"
    try:
        picture(0).save(path)
    except (OSError, UnicodeError):
        pytest.skip("the file system takes UTF-8 alone")
    assert prediction_table([path], Bright(), PredictionOptions())["path"].tolist() == [str(path)]
