"""From filled-in tables to a model."""

from __future__ import annotations

import os
import sys
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
    images = tmp_path / "labelled.csv-images"
    assert {Path(path).relative_to(images).parts[0] for path in written["path"]} == {"in"}
    for path in written["path"]:  # not encoded again: the bit depth and the EXIF data are kept
        assert Path(path).read_bytes() == (pictures / Path(path).name).read_bytes()


def table_of(folder: Path, *paths: str) -> Path:
    """Write a table in which each path has a label."""
    lines = ["path,cluster,outlier,copy,label", *(f"{path},0,0,,label" for path in paths)]
    (folder / "clusters.csv").write_text("\n".join(lines))
    return folder


def test_members_of_one_name_in_two_zips_stay_apart(tmp_path: Path) -> None:
    for name in ("one", "other"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr("a//b.png", name)
    folder = table_of(tmp_path, *(f"{tmp_path / name}.zip/a//b.png" for name in ("one", "other")))
    written = pd.read_csv(write_labelled(folder, tmp_path / "labelled.csv").path)["path"]
    assert [Path(path).read_text() for path in written] == ["one", "other"]


def test_a_member_outside_its_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../escaped.png", "x")
    folder = table_of(tmp_path, f"{tmp_path / 'bad.zip'}/../escaped.png")
    with pytest.raises(DataError, match="must have a name inside its"):
        write_labelled(folder, tmp_path / "deep" / "labelled.csv")
    assert not list(tmp_path.rglob("escaped.png"))


def test_a_missing_member_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.png", "x")
    folder = table_of(tmp_path, f"{tmp_path / 'photos.zip'}/b.png")
    with pytest.raises(DataError, match=r"b.png' cannot be read: .* Restore the file"):
        write_labelled(folder, tmp_path / "labelled.csv")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are not UTF-8")
def test_a_file_whose_name_is_not_utf_8_is_copied_to_a_name_that_is(tmp_path: Path) -> None:
    pictures = photos(tmp_path / "photos", each=8)
    first = sorted(pictures.iterdir())[0]
    content = first.read_bytes()
    first.rename(os.fsdecode(os.fsencode(pictures) + b"/stra\xdfe.png"))
    out = tmp_path / "explored"
    autotl.explore(pictures, out=out, backbone="tiny", clusters=2, projection="pca")
    table = fill(out / "clusters.csv", {})
    (row,) = table.index[table["path"].str.contains("stra")]
    fill(out / "clusters.csv", {row: "street"})
    written = pd.read_csv(write_labelled(out, tmp_path / "labelled.csv").path)["path"]
    assert written.tolist() == [str(tmp_path / "labelled.csv-images" / "photos" / "stra_e.png")]
    assert Path(written[0]).read_bytes() == content


def test_the_labelled_tables_are_not_overwritten(folder: Path) -> None:
    fill(folder / "cluster_labels.csv", {0: "zero"})
    for name in ("clusters.csv", "cluster_labels.csv"):
        before = (folder / name).read_bytes()
        with pytest.raises(DataError, match="out must not be a table that you labelled"):
            write_labelled(folder, folder / name)
        assert (folder / name).read_bytes() == before


def test_a_copy_has_only_its_own_label(folder: Path, tmp_path: Path) -> None:
    table = fill(folder / "clusters.csv", {3: "typed"})
    table.loc[[3, 4], "copy"] = "near"
    table.to_csv(folder / "clusters.csv", index=False)
    fill(folder / "cluster_labels.csv", {0: "zero", 1: "one", 2: "two"})
    written = pd.read_csv(write_labelled(folder, tmp_path / "labelled.csv").path).set_index("path")["label"]
    assert written[table["path"][3]] == "typed"
    assert table["path"][4] not in written


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
