"""Tables of texts with faults raise an error or give a note that names the fault."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from autotl import plugins
from autotl.api import Columns, Dataset
from autotl.data import prediction_texts, quality, read, split
from autotl.errors import DataError
from autotl.escaping import safe
from tests.support.texts import sentences

READERS = plugins.load().readers.items
HEADER = "text,label\n"


def found(source: object, **columns: str) -> Dataset:
    return read(source, readers=READERS, columns=Columns(**columns))


def table(each: int = 10, *, classes: int = 3) -> pd.DataFrame:
    texts, labels = sentences(each, classes=classes)
    return pd.DataFrame({"text": texts, "label": labels})


def saved(texts: pd.DataFrame, path: Path) -> Path:
    texts.to_csv(path, index=False)
    return path


def test_a_file_with_two_columns_of_texts_names_both_and_the_option(tmp_path: Path) -> None:
    path = saved(table().assign(title=lambda rows: "About: " + rows["text"]), tmp_path / "a.csv")
    said = f"{path}: A single column must be the text: 2 columns are possible (text, title)."
    with pytest.raises(DataError, match=re.escape(said) + r".*--text"):
        found(path)
    assert found(path, text="title", label="label").openers[0]().startswith("About: ")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "must have a line of column names and a row per image or text (got an empty file)"),
        ("a.csv", b"\n\n", "(got an empty file)"),
        ("a.csv", HEADER.encode(), "must have a row per image or text (got no rows)"),
        ("a.jsonl", b"", "must have a row per image or text (got no rows)"),
        ("a.csv", b"text,label\na short\0text,x\nanother short text,y\n", "zero bytes"),
        ("a.csv", "text,label\na short text,x\n".encode("utf-16-le"), "zero bytes"),
        ("a.csv", b"text,label\na short text\n", "must have 2 cells (got 1 in row 1"),
        ("a.csv", b'text,label\n"a short text,x\n', "check its quotation marks"),
        ("a.csv", b"text,text\na short text,x\n", "must have distinct names (got text more than once)"),
        ("a.jsonl", b'{"text": "a", "label": "x"}\n["b"]\n', "must be a JSON object (got a list in line 2)"),
    ],
    ids=[
        "nothing", "blank lines", "no rows", "no JSON", "zero byte", "UTF-16 without mark", "short row",
        "open quotation", "same names", "no object",
    ],
)  # fmt: skip
def test_a_broken_file_is_an_error_that_names_the_fault(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        found(path)
    assert str(path) in str(caught.value)


def test_one_class_is_an_error_that_asks_for_texts_of_another(tmp_path: Path) -> None:
    path = saved(table(classes=1), tmp_path / "a.csv")
    said = (
        f"two classes or more (got only 'animals', for all 10 texts in {path}). Add texts of another class."
    )
    with pytest.raises(DataError, match=re.escape(said)):
        found(path, label="label")


def test_zero_bytes_in_memory_are_unreadable_in_training_and_prediction(tmp_path: Path) -> None:
    texts = table(20)
    texts.loc[3, "text"] = "a cat\0and a dog"
    assert found(texts).unreadable == {"row 4": "it holds zero bytes, and so is no text"}
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(map(json.dumps, texts.to_dict("records"))), encoding="utf-8")
    assert found(file).unreadable == {"row 4": "it holds zero bytes, and so is no text"}
    (given,) = prediction_texts(["a cat\0and a dog"], readers=lambda: READERS)
    with pytest.raises(DataError, match="zero bytes"):
        given.open()


def test_markup_in_cells_is_text_as_any_other(tmp_path: Path) -> None:
    texts = table(20)
    texts["text"] = '<p class="x">' + texts["text"] + "</p><script>alert('1')</script>\r\n&nbsp;"
    dataset = found(saved(texts, tmp_path / "a.csv"))
    assert {opener() for opener in dataset.openers} == set(texts["text"])
    assert dataset.unreadable == {}


def test_a_cell_of_a_megabyte_is_cut_and_counted(tmp_path: Path) -> None:
    texts = table(20)
    texts.loc[0, "text"] = "cat " * 262_144
    dataset = found(saved(texts, tmp_path / "a.csv"))
    assert len(dataset) == 60
    assert "1 texts have more than 20,000 characters: the rest of them is not used." in dataset.notes
    name = next(name for name in dataset.table["item"] if "cat cat cat" in name)
    assert len(name) < 100


def test_whole_numbers_as_labels_are_classes_and_others_numbers_to_predict() -> None:
    texts = table(20)
    stars = texts.assign(label=[number % 5 + 1 for number in range(60)])
    assert found(stars).classes == ("1", "2", "3", "4", "5")
    measured = texts.assign(label=[number / 7 for number in range(60)])
    dataset = found(measured, label="label")
    assert dataset.target.kind == "regression"
    assert any("used as numbers to predict (regression)" in note for note in dataset.notes)
    assert found(measured.round(0), label="label", target="single_label").target.kind == "single_label"


def test_equal_texts_with_different_labels_are_counted_as_conflicts() -> None:
    texts = table(20)
    copies = texts.head(6).assign(text=lambda rows: rows["text"].str.upper(), label="food")
    dataset = found(pd.concat([texts, copies], ignore_index=True))
    duplicates = quality(dataset, split(dataset, test=0.2, seed=0)).duplicates
    assert duplicates.conflicting == texts.head(6)["text"].nunique()


def test_a_text_in_both_given_parts_is_a_leak() -> None:
    texts = table(20).assign(part=["test" if number % 4 == 0 else "train" for number in range(60)])
    leaked = texts.head(4).assign(text=lambda rows: rows["text"].str.title() + " ", part="train")
    dataset = found(pd.concat([texts, leaked], ignore_index=True))
    leakage = quality(dataset, split(dataset, test=0.2, seed=0)).leakage
    own = texts["text"].str.lower()
    expected = own[(texts["part"] == "test") & own.isin(own[texts["part"] == "train"])]
    assert leakage.images >= max(1, len(expected))
    assert texts["text"][0] in " ".join(leakage.examples)


def test_emoji_and_right_to_left_letters_stay_in_names_and_overrides_are_escaped() -> None:
    odd = [
        "so 😀👩‍👩‍👧 happy 😀 today",
        "שלום עולם טוב מאוד",
        "abc \u202egnirts\u202c then",
        "مرحبا بالعالم كله",
    ]
    dataset = found((odd * 6, ["a", "b", "c", "d"] * 6))
    assert {opener() for opener in dataset.openers} == set(odd)
    assert not [name for name in dataset.table["item"] if "\u202e" in name]
    for name, opener in zip(dataset.table["item"], dataset.openers, strict=True):
        assert name.partition(": ")[2] == safe(" ".join(opener().split()))
