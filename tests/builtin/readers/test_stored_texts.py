"""Texts of Hugging Face datasets are read from memory, from saved folders and from Parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl import plugins
from autotl.api import Columns, Dataset
from autotl.builtin.readers.hf_dataset import HfDataset
from autotl.data import prediction_texts, read
from autotl.data.tabular import stored_datasets
from autotl.errors import DataError, UnknownName
from autotl.importing.lazy import lazy_module
from tests.support.texts import sentences

READERS = plugins.load().readers.items


class Feature:
    def __init__(self, dtype: str = "string", names: tuple[str, ...] = ()) -> None:
        self.dtype, self.names = dtype, list(names)


def kind(name: str, base: type) -> type:
    return type(name, (base,), {"__module__": "datasets.features.features"})


Value, ClassLabel = kind("Value", Feature), kind("ClassLabel", Feature)


class Stored:
    """A dataset of the library, of columns in memory."""

    def __init__(self, features: dict[str, Any], columns: dict[str, list[Any]]) -> None:
        self.features, self._columns = features, columns

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, name: str) -> Iterator[Any]:
        return iter(self._columns[name])

    def with_format(self, form: None) -> Stored:
        return self


Hf = type("Dataset", (Stored,), {"__module__": "datasets.arrow_dataset"})
HfDict = type("DatasetDict", (dict,), {"__module__": "datasets.dataset_dict"})
TEXTS, TOPICS = sentences(8)
NAMES = ("animals", "food", "weather")


def dataset(texts: list[Any] = TEXTS, **more: list[Any]) -> Any:
    ids = [NAMES.index(topic) for topic in TOPICS][: len(texts)]
    features = {"body": Value(), "kind": ClassLabel("int64", NAMES), **{name: Value() for name in more}}
    return Hf(features, {"body": texts, "kind": ids, **more})


def found(source: object, **columns: str) -> Dataset:
    return read(source, readers=READERS, columns=Columns(**columns))


def test_the_column_of_strings_holds_the_texts_and_the_class_label_the_classes() -> None:
    known = found(dataset())
    assert known.modality == "text"
    assert known.classes == NAMES
    assert known.digest == found((TEXTS, TOPICS)).digest
    assert "Used the columns 'body' and 'kind' for texts and labels." in known.notes


def test_splits_of_texts_become_parts() -> None:
    source = HfDict(train=dataset(), test=dataset([f"{text} again" for text in TEXTS]))
    known = found(source)
    assert known.table["part"].value_counts().to_dict() == {"train": 24, "test": 24}
    assert {name.partition(": ")[0] for name in known.table["item"]} >= {"train row 0", "test row 23"}


def test_short_texts_of_a_single_column_are_found_and_others_are_named() -> None:
    words = [text.split()[0] + str(number) for number, text in enumerate(TEXTS)]
    assert found(dataset(words)).modality == "text"
    ids = [f"id{number}" for number in range(24)]
    assert found(dataset(id=ids)).notes == found(dataset()).notes
    two = dataset(title=[f"On {text}" for text in TEXTS])
    with pytest.raises(DataError, match=r"single column must be the text: 2 are possible \(body, title\)"):
        found(two)
    assert found(two, text="title").openers[0]().startswith("On ")
    with pytest.raises(UnknownName, match="Did you mean 'body'"):
        found(two, text="bodi")


def test_labels_of_strings_are_no_texts() -> None:
    source = Hf({"body": Value(), "label": Value()}, {"body": TEXTS, "label": TOPICS})
    assert found(source).digest == found((TEXTS, TOPICS)).digest


def test_an_empty_cell_is_unreadable() -> None:
    texts = [None, *sentences(20)[0][1:]]
    source = Hf(
        {"body": Value(), "kind": ClassLabel("int64", NAMES)},
        {"body": texts, "kind": [NAMES.index(topic) for topic in sentences(20)[1]]},
    )
    assert found(source).unreadable == {"row 0": "the text is empty"}


def test_predictions_take_datasets_with_or_without_labels() -> None:
    given = Hf({"body": Value()}, {"body": TEXTS})
    listed = [*prediction_texts(given, readers=lambda: READERS)]
    assert [each.open() for each in listed] == TEXTS
    assert listed[0].name == f"row 0: {TEXTS[0]}"
    both = HfDict(a=given, b=given)
    assert len([*prediction_texts(both, readers=lambda: READERS, text="body")]) == 2 * len(TEXTS)


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    """A folder as the hub has it: parts in files, with a card beside them."""
    table = pd.DataFrame({"text": TEXTS, "label": TOPICS})
    (tmp_path / "data").mkdir()
    table.iloc[::2].to_parquet(tmp_path / "data" / "train-00000-of-00002.parquet")
    table.iloc[1::4].to_parquet(tmp_path / "data" / "train-00001-of-00002.parquet")
    table.iloc[3::4].to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    (tmp_path / "README.md").write_text("A card of the data.", encoding="utf-8")
    return tmp_path


def test_a_folder_of_parquet_files_is_one_table_with_parts(parquet: Path) -> None:
    known = found(parquet)
    assert known.modality == "text"
    assert len(known) == 24
    assert known.table["part"].value_counts().to_dict() == {"train": 18, "test": 6}
    assert "The split in the column 'split' is kept." in known.notes
    listed = prediction_texts(parquet, readers=lambda: READERS, text="text")
    assert sorted(each.open() for each in listed) == sorted(TEXTS)


def test_a_column_of_parts_in_the_files_counts_more_than_their_names(tmp_path: Path) -> None:
    parts = ["train", "train", "test"] * 8
    table = pd.DataFrame({"text": TEXTS, "label": TOPICS, "split": parts})
    table.to_parquet(tmp_path / "validation.parquet")
    assert found(tmp_path).table["part"].value_counts().to_dict() == {"train": 16, "test": 8}


def test_a_folder_with_images_is_no_folder_of_parquet_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pd.DataFrame({"text": TEXTS, "label": TOPICS}).to_parquet(tmp_path / "table.parquet")
    for number in range(8):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
    assert found(tmp_path).modality == "image"


def test_a_saved_dataset_without_the_library_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_datasets, "datasets", lazy_module("no_such_datasets"))
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}', encoding="utf-8")
    assert HfDataset().reads(tmp_path)
    with pytest.raises(DataError, match=r"save_to_disk wrote, which needs .*pip install 'autotl\[hf\]'"):
        found(tmp_path)


@pytest.mark.parametrize("several", [False, True], ids=["Dataset", "DatasetDict"])
def test_a_dataset_of_the_library_is_read_from_memory_and_from_disk(tmp_path: Path, several: bool) -> None:
    library = pytest.importorskip("datasets")
    features = library.Features(text=library.Value("string"), label=library.ClassLabel(names=[*NAMES]))
    given = library.Dataset.from_dict({"text": TEXTS, "label": TOPICS}, features=features)
    if several:
        given = library.DatasetDict(train=given, test=given.select(range(0, 24, 3)))
    given.save_to_disk(tmp_path / "saved")
    assert found(given).digest == found(tmp_path / "saved").digest
    assert found(given).classes == NAMES
    (tmp_path / "saved" / "dataset_dict.json").unlink(missing_ok=True)
    for file in (tmp_path / "saved").rglob("*.arrow"):
        file.write_bytes(b"broken")
    if not several:
        with pytest.raises(DataError, match="cannot be loaded"):
            found(tmp_path / "saved")
