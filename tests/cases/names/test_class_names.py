"""One class has one name, and two classes that may be one are told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from autotl.data import read
from autotl.errors import DataError
from autotl.results.by_target.labelled_targets import label_indices
from tests.cases.pictures import READERS, flat, folders, found


def frame(here: Path, labels: list[Any]) -> pd.DataFrame:
    column = pd.Series(labels * (8 // len(labels)), dtype=object)
    return pd.DataFrame({"image": flat(here), "label": column})


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["café", "cafe\u0301"], {"café"}),
        (["a ", "\ta", "a\xa0", "a"], {"a"}),
        (["a\u200b", "\ufeffa", "a"], {"a"}),
        ([1, "1", "1.0", 1.0], {"1"}),
        ([-0.0, 0, "0", "0.0"], {"0"}),
    ],
    ids=["composed", "spaces", "invisible", "numbers", "zeros"],
)
def test_spellings_that_nobody_can_tell_apart_are_one_class(
    here: Path, labels: list[Any], classes: set[str]
) -> None:
    labels = (labels + labels)[:4]
    told = found(frame(here, ["other" if isinstance(labels[0], str) else 7, *labels[1:]]))
    assert set(told.labels) - {"other", "7"} == classes


@pytest.mark.parametrize(
    ("labels", "pair"),
    [
        (["Cat", "cat"], "'Cat' and 'cat'"),
        (["True", "TRUE", "true", "False"], "'TRUE' and 'True' and 'true'"),
        (["under score", "under_score"], "'under score' and 'under_score'"),
        (["two  spaces", "two spaces"], "'two  spaces' and 'two spaces'"),
        (["a\xa0b", "a b"], "'a b' and 'a\\xa0b'"),
        (["a\u200bb", "ab"], "'ab' and 'a\\u200bb'"),
        (["ﬁsh", "fish"], "'fish' and 'ﬁsh'"),
        (["１", "1"], "'1' and '１'"),
        (["7", "007"], "'007' and '7'"),
        (["straße", "STRASSE"], "'STRASSE' and 'straße'"),
        (["a\nb", "a b"], "'a\\nb' and 'a b'"),
    ],
)
def test_names_that_look_alike_are_noted(here: Path, labels: list[str], pair: str) -> None:
    told = found(frame(here, labels))
    assert len(told.labels) == len(labels)
    assert f"differ only in case, spaces or leading zeros: {pair}." in told.notes


@pytest.mark.parametrize("labels", [["A+", "A-"], ["-1", "1"], ["T1", "T10"], ["10", "1"], ["c", "c++"]])
def test_names_that_differ_are_not_noted(here: Path, labels: list[str]) -> None:
    assert "differ only" not in found(frame(here, labels)).notes


def test_folders_of_two_parts_in_other_case_are_noted(here: Path) -> None:
    folders(here, "train/cat", "train/dog", "valid/CAT", "valid/dog")
    assert "'CAT' and 'cat'" in found(here).notes


@pytest.mark.parametrize(
    ("given", "known"),
    [
        (["1.0", "2.0"], ("1", "2")),
        ([1, 2], ("001", "002")),
        (["007", "8"], ("7", "8")),
        (["cafe\u0301", "tea "], ("café", "tea")),
    ],
)
def test_a_second_file_may_spell_the_classes_otherwise(
    here: Path, given: list[Any], known: tuple[str, ...]
) -> None:
    dataset = read(frame(here, given), readers=READERS)
    assert sorted(set(label_indices(dataset, known).tolist())) == [0, 1]


@pytest.mark.parametrize(
    ("given", "known"),
    [(["Cat", "dog"], ("cat", "dog")), ([True, False], ("0", "1")), (["1", "x"], ("01", "1"))],
)
def test_classes_that_the_model_does_not_know_are_named(
    here: Path, given: list[Any], known: tuple[str, ...]
) -> None:
    dataset = read(frame(here, given), readers=READERS)
    with pytest.raises(DataError, match=f"does not know: .*It knows {known[0]}"):
        label_indices(dataset, known)


@pytest.mark.parametrize("name", ["x" * 301, "a\n" * 151])
def test_a_text_is_no_name(here: Path, name: str) -> None:
    with pytest.raises(DataError, match="A class name must have 300 characters or less"):
        found(frame(here, [name, "b"]))
