"""Texts are read from tables, folders and lists in any usual form."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from autotl import plugins
from autotl.api import Columns, Dataset
from autotl.data import prediction_texts, quality, read, split
from autotl.errors import DataError, UnknownName
from tests.support.texts import sentences

READERS = plugins.load().readers.items


def found(source: object, **columns: str) -> Dataset:
    return read(source, readers=READERS, columns=Columns(**columns))


def table(each: int = 10) -> pd.DataFrame:
    texts, labels = sentences(each)
    return pd.DataFrame({"text": texts, "label": labels})


def test_the_column_of_texts_is_found_and_said(tmp_path: Path):
    table().to_csv(tmp_path / "a.csv", index=False)
    dataset = found(tmp_path / "a.csv")
    assert dataset.modality == "text"
    assert dataset.classes == ("animals", "food", "weather")
    assert "Used the column 'text' for the texts." in dataset.notes
    assert {opener() for opener in dataset.openers} == set(table()["text"])
    assert dataset.table["length"].tolist() == [7] * len(dataset)


@pytest.mark.parametrize("suffix", ["tsv", "parquet", "jsonl"])
def test_other_files_give_the_same_texts(tmp_path: Path, suffix: str):
    file, texts = tmp_path / f"a.{suffix}", table()
    if suffix == "tsv":
        texts.to_csv(file, sep="\t", index=False)
    elif suffix == "parquet":
        texts.to_parquet(file)
    else:
        file.write_text("\n".join(json.dumps(row) for row in texts.to_dict("records")), encoding="utf-8")
    assert found(file).digest == found(texts).digest


def test_two_columns_of_texts_need_a_name():
    texts = table().assign(title=lambda rows: "About: " + rows["text"])
    with pytest.raises(DataError, match=r"2 columns are possible \(text, title\).*--text"):
        found(texts)
    assert found(texts, text="title", label="label").openers[0]().startswith("About: ")
    with pytest.raises(UnknownName, match="titel"):
        found(texts, text="titel")
    with pytest.raises(DataError, match="Only one of image and text"):
        found(texts, text="title", image="text")


def test_short_texts_need_a_name():
    texts = table()
    texts["text"] = texts["text"].str.split().str[0] + texts.index.astype(str)
    with pytest.raises(DataError, match="If a column holds texts, name it with text="):
        found(texts)
    assert found(texts, text="text").modality == "text"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")],
)
def test_encodings_are_guessed_and_said(tmp_path: Path, encoding: str, said: str):
    texts = table()
    texts["text"] += " – à la carte"
    texts.to_csv(tmp_path / "a.csv", index=False, encoding=encoding)
    dataset = found(tmp_path / "a.csv")
    assert all(opener().endswith(" – à la carte") for opener in dataset.openers)
    assert said in " ".join(dataset.notes)
    assert ("was read as" in " ".join(dataset.notes)) == bool(said)


def test_copies_that_differ_in_case_stay_in_one_part_and_are_counted():
    texts = table(20)
    copies = texts.assign(text=texts["text"].str.upper() + "  ")
    dataset = found(pd.concat([texts, copies], ignore_index=True))
    splits = split(dataset, test=0.2, seed=0)
    digests = dataset.table["digest"]
    assert not set(digests[splits.train]) & set(digests[splits.test])
    assert quality(dataset, splits).duplicates.images >= len(copies)
    assert quality(dataset, splits).sizes is None


def test_empty_texts_are_left_out_and_long_ones_cut(tmp_path: Path):
    texts = table(20)
    texts.loc[0, "text"], texts.loc[1, "text"] = None, "word " * 250_000
    texts.to_csv(tmp_path / "a.csv", index=False)
    dataset = found(tmp_path / "a.csv")
    assert dataset.unreadable == {"row 1": "the text is empty"}
    assert max(len(opener()) for opener in dataset.openers) == 20_000
    assert any("1 texts have more than 20,000 characters" in note for note in dataset.notes)
    texts.loc[:10, "text"] = ""
    with pytest.raises(DataError, match="texts in the given DataFrame cannot be read"):
        found(texts)


def test_folders_of_text_files_are_classes(tmp_path: Path):
    texts, labels = sentences(5)
    for number, (text, label) in enumerate(zip(texts, labels, strict=True)):
        for part in ("train", "test"):
            file = tmp_path / part / label / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text} {part}", encoding="utf-8")
    dataset = found(tmp_path)
    assert dataset.classes == ("animals", "food", "weather")
    assert set(dataset.table["part"]) == {"train", "test"}
    assert len(dataset) == 2 * len(texts)


def test_lists_are_pairs_of_texts_and_labels():
    texts, labels = sentences(5)
    assert found((texts, labels)).digest == found(list(zip(texts, labels, strict=True))).digest
    with pytest.raises(DataError, match="same length"):
        found((texts, labels[1:]))


def test_markup_emoji_and_right_to_left_texts_are_kept():
    odd = ["<b onclick=x>bold & brave</b> text", "so 😀 happy 😀 today", "שלום עולם טוב מאוד"]
    dataset = found((odd * 6, ["a", "b", "c"] * 6))
    assert {opener() for opener in dataset.openers} == set(odd)
    assert all(": " in name for name in dataset.table["item"])


def test_texts_to_predict_come_in_any_form(tmp_path: Path):
    (tmp_path / "one.txt").write_text("a text in a file", encoding="utf-8")
    table(2).drop(columns="label").assign(id=range(6)).to_csv(tmp_path / "a.csv", index=False)

    def texts(given: object) -> list[str]:
        return [each.open() for each in prediction_texts(given, readers=lambda: READERS)]

    assert texts("just a text") == ["just a text"]
    assert texts(["one", "two"]) == ["one", "two"]
    assert texts([tmp_path / "one.txt"]) == texts(tmp_path) == ["a text in a file"]
    assert texts(tmp_path / "a.csv") == list(table(2)["text"])
    assert texts(table(2)) == list(table(2)["text"])
    with pytest.raises(DataError, match="texts must be texts"):
        texts(3)
