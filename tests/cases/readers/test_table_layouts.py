"""Tables whose cells lead to images in unusual ways."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from autotl.errors import DataError
from tests.cases.pictures import flat, found, png


def frame(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"image": names, "label": ["a", "b"] * (len(names) // 2)})


@pytest.mark.parametrize(
    "form",
    ["./{}", " {} ", "$HOME/{}", "https://example.org/data/{}", "s3://bucket/{}", "C:\\data\\{}"],
    ids=["dot", "spaces", "variable", "web", "bucket", "windows"],
)
def test_images_that_were_downloaded_are_found_by_name(here: Path, form: str) -> None:
    told = found(frame([form.format(name) for name in flat(here)]))
    assert told.labels == {"a": 4, "b": 4}
    assert told.unreadable == {}


@pytest.mark.parametrize("row", [0, 5])
def test_an_address_that_leads_to_no_file_is_refused_in_any_row(here: Path, row: int) -> None:
    names = flat(here)
    names[row] = "https://example.org/other.png"
    with pytest.raises(DataError, match=r"got the address https://example.org/other.png\). Download"):
        found(frame(names))


def test_a_path_that_leads_to_a_folder_or_a_device_costs_its_row(here: Path) -> None:
    names = flat(here, each=40)
    (here / "folder.png").mkdir()
    names[3] = "folder.png"
    told = found(frame(names))
    assert list(told.unreadable) == ["folder.png"]
    with pytest.raises(DataError, match=r"/dev/zero .no such file"):
        found(frame(["/dev/zero", *names[1:3], names[4]]), image="image")


def test_links_that_lead_nowhere_beside_the_images_are_no_matter(here: Path) -> None:
    names = flat(here / "below")
    (here / "below/loop.png").symlink_to("loop.png")
    (here / "loop").symlink_to("loop")
    (here / "gone").symlink_to("nowhere")
    assert found(frame(names)).labels == {"a": 4, "b": 4}


@pytest.mark.parametrize("columns", [[0, 1], [("x", "image"), ("x", "label")], [" image", "LABEL "]])
def test_names_of_columns_of_any_kind_are_text(here: Path, columns: list[object]) -> None:
    rows = frame(flat(here))
    rows.columns = pd.Index(columns)
    assert found(rows).labels == {"a": 4, "b": 4}


@pytest.mark.parametrize(
    ("column", "labels"),
    [("image", {"a": 4, "b": 4}), ("second", {"a": 4, "b": 4})],
)
def test_of_two_columns_of_images_the_named_one_is_read(
    here: Path, column: str, labels: dict[str, int]
) -> None:
    rows = frame(flat(here))
    rows["second"] = [{"bytes": png(1, number), "path": None} for number in range(8)]
    with pytest.raises(DataError, match="2 columns are possible"):
        found(rows)
    told = found(rows, image=column)
    assert told.labels == labels
    assert "Ignored other paths of images" in told.notes
