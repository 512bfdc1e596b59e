"""Texts besides the labelled ones are listed from any form, and read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from autotl import plugins
from autotl.api import Columns, Dataset, TargetSpec
from autotl.clock import WallClock
from autotl.data.additional.known_classes import UNKNOWN, known_labels, with_known_classes
from autotl.data.additional.listing import AdditionalListing, list_additional
from autotl.data.additional.reading import ReadingLimits, read_additional
from autotl.errors import DataError
from autotl.testing import tiny_images
from tests.support.texts import sentences

READERS = plugins.load().readers.items
TEXTS, TOPICS = sentences(5)
ALL = ReadingLimits()


def listed(role: str, source: object, **columns: str) -> AdditionalListing:
    return list_additional(role, source, readers=READERS, columns=Columns(**columns), modality="text")


def read(listing: AdditionalListing, limits: ReadingLimits = ALL) -> Dataset:
    return read_additional(listing, None, limits, clock=WallClock(), seed=0)[0]


def texts_of(dataset: Dataset) -> set[str]:
    return {opener() for opener in dataset.openers}


@pytest.fixture
def forms(tmp_path: Path) -> dict[str, object]:
    """The same texts without labels, in several forms."""
    files = tmp_path / "files"
    files.mkdir()
    for number, text in enumerate(TEXTS):
        (files / f"{number}.txt").write_text(text, encoding="utf-8")
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "texts.csv", index=False)
    return {
        "list": TEXTS,
        "folder": files,
        "frame": pd.DataFrame({"id": range(len(TEXTS)), "words": TEXTS}),
        "table": tmp_path / "texts.csv",
        "labelled": (TEXTS, TOPICS),
    }


@pytest.mark.parametrize("form", ["list", "folder", "frame", "table", "labelled"])
def test_each_form_gives_the_texts(forms: dict[str, object], form: str) -> None:
    listing = listed("unlabelled", forms[form])
    dataset = read(listing)
    assert dataset.modality == listing.modality == "text"
    assert texts_of(dataset) == set(TEXTS)
    assert dataset.classes == ()
    ignored = "The labels of the unlabelled images (3 classes) are ignored."
    assert (ignored in listing.notes) == (form == "labelled")
    assert set(dataset.table) == {"item", "label", "digest", "length", "looks"}


def test_the_column_of_the_labelled_texts_is_taken_if_the_table_has_it() -> None:
    frame = pd.DataFrame({"title": TEXTS, "body": [f"other {text}" for text in TEXTS]})
    assert texts_of(read(listed("deploy", frame, text="title"))) == set(TEXTS)
    renamed = frame[["title"]].rename(columns={"title": "words"})
    assert texts_of(read(listed("deploy", renamed, text="title"))) == set(TEXTS)


def test_labels_of_the_place_of_use_are_kept_and_may_be_missing() -> None:
    labels = [topic if number % 2 else None for number, topic in enumerate(TOPICS)]
    target = TargetSpec("single_label", ("animals", "food", "weather"))
    listing = with_known_classes(listed("deploy", pd.DataFrame({"text": TEXTS, "label": labels})), target)
    dataset = read(listing)
    found = known_labels(listing, dataset, target)
    wanted = {
        text: target.names.index(each) if each else UNKNOWN for text, each in zip(TEXTS, labels, strict=True)
    }
    assert {opener(): label for opener, label in zip(dataset.openers, found.tolist(), strict=True)} == wanted
    assert dataset.classes == ()


def test_a_labelled_source_keeps_its_classes() -> None:
    dataset = read(listed("source", (TEXTS, TOPICS)))
    assert dataset.classes == ("animals", "food", "weather")
    by_text = dict(zip(TEXTS, TOPICS, strict=True))
    for opener, label in zip(dataset.openers, dataset.table["label"], strict=True):
        assert dataset.classes[label] == by_text[opener()]


def test_empty_texts_are_left_out_and_named() -> None:
    dataset = read(listed("unlabelled", [*TEXTS, "  "]))
    assert len(dataset) == len(TEXTS)
    assert list(dataset.unreadable.values()) == ["the text is empty"]
    with pytest.raises(DataError, match=r"None of the 12 unlabelled images can be read: text 0.*empty"):
        read(listed("unlabelled", [" "] * 12))


def test_a_sample_is_drawn_again_by_its_number() -> None:
    few = read(listed("unlabelled", TEXTS), ReadingLimits(recorded=6))
    again = read(listed("unlabelled", TEXTS), ReadingLimits(most=9, recorded=6))
    assert (len(few), few.left_out) == (6, len(TEXTS) - 6)
    assert few.digest == again.digest


def test_other_inputs_and_few_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"deploy must hold texts, as your data does \(got images\)"):
        listed("deploy", tiny_images(classes=2, each=10))
    with pytest.raises(DataError, match=r"unlabelled must have at least 10 texts \(got 3\)"):
        listed("unlabelled", TEXTS[:3])
    with pytest.raises(DataError, match="source must be texts that can be read twice"):
        listed("source", iter(TEXTS))
    with pytest.raises(DataError, match=r"deploy must hold images, as your data does \(got texts\)"):
        list_additional("deploy", (TEXTS, TOPICS), readers=READERS)
