"""The rows of a prediction belong to the rows of the table that was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from PIL import Image

from autotl.errors import DataError, UnknownName
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.predictions import prediction_table
from tests.cases.pictures import READERS, Brightness


@pytest.fixture
def names(here: Path) -> list[str]:
    for number, value in enumerate((20, 230, 230, 20)):
        Image.new("RGB", (9, 9), (value,) * 3).save(here / f"{number}.png")
    return [f"{number}.png" for number in range(4)]


def table(images: Any, **asked: Any) -> pd.DataFrame:
    return prediction_table(images, Brightness(), PredictionOptions(readers=lambda: READERS, **asked))


INDICES = {
    "reversed": [3, 2, 1, 0],
    "repeated": [1, 1, 2, 2],
    "names": list("wxyz"),
    "dates": pd.date_range("2020", periods=4),
    "pairs": pd.MultiIndex.from_tuples([(1, 2), (3, 4), (5, 6), (7, 8)]),
}


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("form", ["frame", "series"])
def test_the_index_is_kept(names: list[str], index: str, form: str) -> None:
    frame = pd.DataFrame({"image": names}, index=INDICES[index])
    found = table(frame if form == "frame" else frame["image"])
    assert found.index.equals(frame.index)
    assert found["label"].tolist() == ["dark", "light", "light", "dark"]
    twice = table(frame if form == "frame" else frame["image"], top=2)
    assert twice.index.equals(frame.index.repeat(2))


def test_a_new_column_has_the_answers_of_its_rows(names: list[str]) -> None:
    frame = pd.DataFrame({"image": names}, index=[3, 2, 1, 0]).drop(index=1)
    frame["answer"] = table(frame["image"])["label"]
    assert frame["answer"].to_dict() == {3: "dark", 2: "light", 0: "dark"}


@pytest.mark.parametrize("missing", [None, float("nan"), "", "gone.png", pd.NA])
def test_a_missing_image_costs_its_row_and_no_more(names: list[str], missing: Any) -> None:
    frame = pd.DataFrame({"image": [names[0], missing, names[1]]}, index=[9, 8, 7])
    for images in (frame, frame["image"]):
        found = table(images)
        assert found.index.tolist() == [9, 8, 7]
        assert found["label"].tolist() == ["dark", None, "light"]
        assert found["error"].map(bool).tolist() == [False, True, False]


def test_a_series_of_folders_has_a_row_for_each_image(names: list[str], here: Path) -> None:
    found = table(pd.Series([str(here), names[1]], index=["all", "one"]))
    assert found["label"].tolist() == ["dark", "light", "light", "dark", "light"]
    assert found.index.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda frame: frame.assign(other=frame["image"]), "2 columns are possible"),
        (lambda frame: frame.iloc[:0], "got no rows"),
        (lambda frame: pd.concat([frame, frame], axis=1), "got image more than once"),
        (lambda frame: pd.DataFrame({"a": [41, 42], "b": [43, 44]}), r"columns are possible|no column"),
        (lambda frame: pd.DataFrame({"image": [object()]}), "a object is no image"),
    ],
    ids=["two-columns", "empty", "same-name", "no-images", "objects"],
)
def test_a_frame_of_another_form_is_refused(names: list[str], change: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        table(change(pd.DataFrame({"image": names})))
    with pytest.raises(UnknownName, match="No column called 'imge'"):
        table(pd.DataFrame({"image": names}), image="imge")
