"""Hugging Face datasets are read, by a substitute for the optional library."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from autotl.api import Columns, PixelScale
from autotl.builtin.readers.folders import Folders
from autotl.builtin.readers.hf_dataset import HfDataset
from autotl.data import read
from autotl.errors import DataError, UnknownName
from autotl.testing.reader import Pictures, ReaderChecks, tiny_pictures


class Feature:
    def __init__(self, names: Sequence[str] = ()) -> None:
        self.names = list(names)


class FakeDataset:
    """A dataset whose rows decode all selected columns; a format changes the type of values."""

    def __init__(
        self, features: dict[str, Any], columns: dict[str, list[Any]], form: str | None = "torch"
    ) -> None:
        self.features, self._columns, self._form = features, columns, form

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            return torch.tensor(self._columns[key]) if self._form else iter(self._columns[key])
        return {name: torch.zeros(1) if self._form else values[key] for name, values in self._columns.items()}

    def with_format(self, form: str | None) -> FakeDataset:
        return type(self)(self.features, self._columns, form)

    def select_columns(self, names: list[str]) -> FakeDataset:
        return type(self)(
            {n: self.features[n] for n in names}, {n: self._columns[n] for n in names}, self._form
        )


def kind(name: str, base: type, module: str) -> type:
    return type(name, (base,), {"__module__": module})


Hf = kind("Dataset", FakeDataset, "datasets.arrow_dataset")
HfDict = kind("DatasetDict", dict, "datasets.dataset_dict")
HfStream = kind("IterableDataset", object, "datasets.iterable_dataset")
ImageFeature = kind("Image", Feature, "datasets.features.image")
ClassLabel = kind("ClassLabel", Feature, "datasets.features.features")
Value = kind("Value", Feature, "datasets.features.features")


def dataset(pairs: Pictures, *, stored: bool = False, **more: list[Any]) -> Any:
    names = sorted({label for _, label in pairs})
    images: list[Any] = [image for image, _ in pairs]
    if stored:
        images = [{"bytes": png(image), "path": None} for image in images]
    columns = {"picture": images, "kind": [names.index(label) for _, label in pairs], **more}
    features = {"picture": ImageFeature(), "kind": ClassLabel(names), **{name: Value() for name in more}}
    return Hf(features, columns)


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


class TestDecoded(ReaderChecks):
    reader = HfDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return dataset(pictures)


class TestStoredBytes(ReaderChecks):
    reader = HfDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return dataset(pictures, stored=True)


class TestDict(ReaderChecks):
    reader = HfDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return HfDict(train=dataset(pictures))


def test_splits_become_parts_and_others_are_left_out() -> None:
    two = tiny_pictures(each=1)
    unlabelled = dataset(two)
    unlabelled._columns["kind"] = [-1] * 3
    source = HfDict(train=dataset(two), validation=dataset(two), extra=dataset(two), test=unlabelled)
    listing = HfDataset().read(source, Columns())
    assert [item.part for item in listing.items] == ["train"] * 3 + ["val"] * 3
    assert listing.notes == (
        "Used the columns 'picture' and 'kind' for images and labels.",
        "Left out the split 'extra': it is neither train, validation nor test.",
        "Left out the split 'test': it has no labels.",
    )
    with pytest.raises(DataError, match=r"must have a split 'train' .got a, b"):
        HfDataset().read(HfDict(a=dataset(two), b=dataset(two)), Columns())


def test_named_columns_and_groups_are_used() -> None:
    two = tiny_pictures(each=1)
    source = dataset(two, other=["x", "y", "x"], patient=["p", None, "q"])
    items = HfDataset().read(source, Columns(label="other", group="patient")).items
    assert [(item.target, item.group) for item in items] == [("x", "p"), ("y", None), ("x", "q")]
    with pytest.raises(UnknownName, match="Did you mean 'other'"):
        HfDataset().read(source, Columns(label="othr"))


def test_a_dataset_without_a_marked_column_asks_for_one() -> None:
    source = Hf({"a": Value(), "b": Value()}, {"a": ["1.png"], "b": ["x"]})
    with pytest.raises(
        DataError, match=r"A single column must be the image: none is marked so. Columns: a, b. .*image="
    ):
        HfDataset().read(source, Columns())


def test_a_stream_is_not_read() -> None:
    answer = HfDataset().reads(HfStream())
    assert not answer.ok
    assert "without streaming" in answer.why


def test_files_in_a_dataset_of_the_library_are_read_as_a_folder_is(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    exif = Image.Exif()
    exif[0x0112] = 6
    rng = np.random.default_rng(0)
    for number in range(8):
        folder = tmp_path / ("ant" if number < 4 else "bee")
        folder.mkdir(exist_ok=True)
        pixels = rng.integers(0, 4096 if number else 40, (6, 5), dtype=np.uint16)
        Image.fromarray(pixels).save(folder / f"{number}.png", exif=exif)
    files = sorted(tmp_path.rglob("*.png"))
    features = datasets.Features(image=datasets.Image(), label=datasets.ClassLabel(names=["ant", "bee"]))
    columns = {"image": [str(file) for file in files], "label": [file.parent.name for file in files]}
    given = datasets.Dataset.from_dict(columns, features=features)
    readers = {"folders": Folders(), "hf_dataset": HfDataset()}
    found, plain = (read(source, readers=readers) for source in (given, tmp_path))
    assert found.digest == plain.digest
    assert found.scale == plain.scale == PixelScale(integers=(0, 4095))
