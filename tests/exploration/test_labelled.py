"""From filled-in tables to a model."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest

import autotl
from autotl.errors import DataError
from autotl.exploration.labelled import write_labelled
from autotl.exploration.result import Exploration
from tests.support.planted import photos


@pytest.fixture
def folder(explored: Exploration, tmp_path: Path) -> Path:
    """A copy of the exploration, to fill in."""
    return explored.save(tmp_path / "explored")


def fill(file: Path, labels: dict[int, str]) -> pd.DataFrame:
    """Write labels into rows of a table, and return it."""
    table = pd.read_csv(file, keep_default_na=False, dtype=str)
    for row, label in labels.items():
        table.loc[row, "label"] = label
    table.to_csv(file, index=False)
    return table


def test_single_images_and_whole_clusters_are_labelled(folder: Path, tmp_path: Path) -> None:
    table = fill(folder / "clusters.csv", {0: "mine", 1: "other"})
    fill(folder / "cluster_labels.csv", {0: "zero", 2: "two"})
    found = write_labelled(folder, tmp_path / "labelled.csv")
    written = pd.read_csv(found.path, dtype=str).set_index("path")["label"]
    assert written[table["path"][0]] == "mine"  # its own label counts more than that of cluster 0
    assert written[table["path"][1]] == "other"
    for row in range(3, len(table)):
        expected = {"0": "zero", "2": "two"}.get(table["cluster"][row])
        if expected and float(table["outlier"][row]) <= 3.5 and not table["copy"][row]:
            assert written[table["path"][row]] == expected
        else:
            assert table["path"][row] not in written
    assert found.by_image == 2
    assert found.by_image + found.by_cluster == len(written)
    assert f"{len(written)} images have a label, in 4 classes" in found.sentence


def test_a_labelled_table_trains_a_model(explored: Exploration, folder: Path, tmp_path: Path) -> None:
    table = pd.read_csv(folder / "clusters.csv", keep_default_na=False)
    labels = {row: Path(path).stem.partition("-")[2] for row, path in enumerate(table["path"][:48])}
    fill(folder / "clusters.csv", labels)
    found = write_labelled(folder / "clusters.csv", tmp_path / "labelled.csv")
    assert dict(found.classes) == pd.Series(labels).value_counts().to_dict()
    model = autotl.fit(
        tmp_path / "labelled.csv", backbone="tiny", trials=1, strategies="linear_probe", image_size=32
    )
    assert set(model.predict(table["path"][50])["label"]) <= set(labels.values())
    assert model.report["when"]["n_classes"] == 3


def test_images_of_a_zip_are_unpacked(tmp_path: Path) -> None:
    pictures = photos(tmp_path / "photos", each=8)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for file in pictures.iterdir():
            archive.write(file, f"in/{file.name}")
    out = tmp_path / "explored"
    autotl.explore(tmp_path / "photos.zip", out=out, backbone="tiny", clusters=2, projection="pca")
    fill(out / "cluster_labels.csv", {0: "a", 1: "b"})
    found = write_labelled(out, tmp_path / "labelled.csv")
    written = pd.read_csv(found.path)
    assert all(Path(path).is_file() for path in written["path"])
    assert (tmp_path / "labelled-images").is_dir()


def test_a_table_without_labels_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must have labels"):
        write_labelled(folder, tmp_path / "labelled.csv")
    assert not (tmp_path / "labelled.csv").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("path,cluster\na,0\n", "must have the columns"),
        ("path,cluster,outlier,copy,label\na,0\n", "got 2 in row 1"),
        ("", "must have the columns"),
        ("path,cluster,outlier,copy,label\nimage 3,0,0,,cat\n", "must be an image file"),
    ],
    ids=["columns", "cells", "empty", "no file"],
)
def test_a_damaged_table_is_refused_in_a_sentence(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "clusters.csv").write_text(content)
    with pytest.raises(DataError, match=message):
        write_labelled(tmp_path, tmp_path / "labelled.csv")


def test_a_missing_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no"):
        write_labelled(tmp_path, tmp_path / "labelled.csv")


def test_a_table_that_a_spreadsheet_saved_with_semicolons_is_read(folder: Path, tmp_path: Path) -> None:
    fill(folder / "clusters.csv", {0: "cat", 5: "dog"})
    table = pd.read_csv(folder / "clusters.csv", keep_default_na=False, dtype=str)
    table.to_csv(folder / "clusters.csv", index=False, sep=";", encoding="utf-8-sig")
    assert dict(write_labelled(folder, tmp_path / "labelled.csv").classes) == {"cat": 1, "dog": 1}
