"""Several labels and numbers are read from every form of data that can hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from autotl import plugins
from autotl.api import Columns, Dataset, TargetSpec
from autotl.data import read
from autotl.errors import DataError, UnknownName

READERS = plugins.load().readers.items
N = 8
IMAGES = np.random.default_rng(0).integers(0, 256, (N, 6, 5, 3), dtype=np.uint8)
HOT = np.array([[1, 0], [1, 1], [0, 0], [0, 1], [1, 1], [1, 0], [0, 1], [0, 0]])
TAGS = [[name for name, one in zip(("ant", "bee"), row, strict=True) if one] for row in HOT]
ANGLES = [0.5 + 3 * number for number in range(N)]
SINGLE = TargetSpec("regression", ("angle",))


class Pairs(torch.utils.data.Dataset):
    def __init__(self, labels: list[Any]) -> None:
        self._labels = labels

    def __len__(self) -> int:
        return N

    def __getitem__(self, row: int) -> tuple[Any, Any]:
        return IMAGES[row], self._labels[row]


def found(source: Any, **columns: Any) -> Dataset:
    return read(source, readers=READERS, columns=Columns(**columns))


def by_name(dataset: Dataset) -> dict[str, Any]:
    """Return the encoded targets by the image's name."""
    return dict(zip(dataset.table["item"], dataset.targets.tolist(), strict=True))


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    from PIL import Image

    paths = [tmp_path / f"{number}.png" for number in range(N)]
    for path, image in zip(paths, IMAGES, strict=True):
        Image.fromarray(image).save(path)
    return pd.DataFrame({"path": [path.name for path in paths]})


def write(table: pd.DataFrame, folder: Path, suffix: str) -> Path:
    file = folder / f"t{suffix}"
    table.to_parquet(file) if suffix == ".parquet" else table.to_csv(file, index=False)
    return file


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_of_zero_and_one(table: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = write(table.assign(ant=HOT[:, 0], bee=HOT[:, 1]), tmp_path, suffix)
    dataset = found(file)
    assert dataset.target == TargetSpec("multi_label", ("ant", "bee"))
    assert dataset.targets.dtype == np.float32
    assert by_name(dataset) == {f"{number}.png": HOT[number].tolist() for number in range(N)}
    named = found(file, label=("bee", "ant"))
    assert named.classes == ("bee", "ant")
    assert named.digest != dataset.digest


def test_a_column_of_lists_in_parquet(table: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    dataset = found(write(table.assign(tags=TAGS), tmp_path, ".parquet"), label="tags")
    assert dataset.target == TargetSpec("multi_label", ("ant", "bee"))
    assert by_name(dataset) == {f"{number}.png": HOT[number].tolist() for number in range(N)}


def test_a_column_of_joined_labels(table: pd.DataFrame, tmp_path: Path) -> None:
    file = write(table.assign(tags=[";".join(tags) for tags in TAGS]), tmp_path, ".csv")
    dataset = found(file, label="tags", target="multi_label")
    assert by_name(dataset) == {f"{number}.png": HOT[number].tolist() for number in range(N)}
    assert "2 of 8 images have an empty cell in 'tags': they have no label." in dataset.notes


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_columns_of_numbers(table: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    file = write(table.assign(angle=ANGLES, size=np.linspace(0.1, 0.8, N)), tmp_path, suffix)
    dataset = found(file)  # no column repeats: the columns of numbers are what is left
    assert dataset.target == TargetSpec("regression", ("angle", "size"))
    assert "Used the columns angle, size as numbers to predict (regression)." in dataset.notes
    one = found(file, label="angle")
    assert one.target == SINGLE
    assert by_name(one) == {f"{number}.png": [ANGLES[number]] for number in range(N)}


def test_numbers_do_not_depend_on_the_order_of_the_rows(table: pd.DataFrame, tmp_path: Path) -> None:
    file = write(table.assign(angle=ANGLES), tmp_path, ".csv")
    turned = write(table.assign(angle=ANGLES)[::-1], tmp_path, ".tsv.csv")
    assert found(file).digest == found(turned).digest


@pytest.mark.parametrize("labels", [HOT, torch.tensor(HOT), HOT.astype(np.float32), TAGS])
def test_arrays_with_several_labels(labels: Any) -> None:
    dataset = found((IMAGES, labels))
    assert dataset.target.kind == "multi_label"
    expected = {f"image {number}": HOT[number].tolist() for number in range(N)}
    assert by_name(dataset) == expected


@pytest.mark.parametrize("labels", [ANGLES, np.array(ANGLES), torch.tensor(ANGLES)[:, None]])
def test_arrays_with_numbers(labels: Any) -> None:
    dataset = found((IMAGES, labels))
    assert dataset.target == TargetSpec("regression", ("labels",))
    assert by_name(dataset) == {f"image {number}": [ANGLES[number]] for number in range(N)}


def test_pairs_of_paths_and_labels(table: pd.DataFrame, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in table["path"]]
    assert found((paths, HOT)).target.kind == "multi_label"
    assert found((paths, TAGS)).target == TargetSpec("multi_label", ("ant", "bee"))
    assert found(list(zip(paths, ANGLES, strict=True))).target == TargetSpec("regression", ("labels",))


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (list(torch.tensor(HOT)), "multi_label"),
        (TAGS, "multi_label"),
        (ANGLES, "regression"),
        (list(torch.tensor(ANGLES)), "regression"),
        ([0, 1] * 4, "single_label"),
    ],
)
def test_torch_datasets(labels: list[Any], kind: str) -> None:
    assert found(Pairs(labels)).target.kind == kind


def test_a_folder_has_classes_only(tmp_path: Path) -> None:
    from PIL import Image

    for number, image in enumerate(IMAGES):
        (tmp_path / f"c{number % 2}").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / f"c{number % 2}" / f"{number}.png")
    with pytest.raises(DataError, match=r"target must be single for a folder, .*got multi_label"):
        found(tmp_path, target="multi_label")
    assert found(tmp_path, target="single_label").classes == ("c0", "c1")


@pytest.mark.parametrize(
    ("columns", "given", "why"),
    [
        (
            {"angle": [1.5] * N},
            {"label": "angle", "target": "regression"},
            "got only 1.5 in 'angle', for all 8",
        ),
        ({"angle": [*ANGLES[1:], "inf"]}, {"label": "angle", "target": "regression"}, "finite .got inf"),
        ({"angle": [*ANGLES[1:], None]}, {"label": "angle"}, "1 of 8 numbers in 'angle' are missing: row 8"),
        (
            {"tags": ["ant;bee"] * N},
            {"label": "tags", "target": "multi_label"},
            "labels of the images must diff",
        ),
        ({"a": HOT[:, 0]}, {"label": ("a", "a")}, "must name different columns .got 'a' twice"),
        ({"a": HOT[:, 0], "b": list("xyzuvwrs")}, {"label": ("a", "b")}, "other values in 'b'"),
    ],
)
def test_targets_that_tell_nothing_are_refused(
    table: pd.DataFrame, tmp_path: Path, columns: Any, given: Any, why: str
) -> None:
    with pytest.raises(DataError, match=why):
        found(write(table.assign(**columns), tmp_path, ".csv"), **given)


def test_an_unknown_label_column_is_named(table: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"No column called 'bie'\. Did you mean 'bee'"):
        found(write(table.assign(ant=HOT[:, 0], bee=HOT[:, 1]), tmp_path, ".csv"), label=("ant", "bie"))


def test_labels_that_tell_little_are_noted(table: pd.DataFrame, tmp_path: Path) -> None:
    rare = [1] + [0] * (N - 1)
    file = write(table.assign(ant=HOT[:, 0], all=1, none=0, rare=rare), tmp_path, ".csv")
    dataset = found(file, label=("ant", "all", "none", "rare"))
    assert dataset.classes == ("ant", "all", "none", "rare")
    told = " ".join(dataset.notes)
    assert "All images have the label 'all': it tells nothing." in told
    assert "No image has the label 'none': it cannot be learned." in told
    assert "Few images have the label 'rare' (1)" in told
