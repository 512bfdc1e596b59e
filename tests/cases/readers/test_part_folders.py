"""Folders of the parts of a split are never learned as classes."""

from __future__ import annotations

from collections import Counter

import pytest

from autotl.data import label_paths
from autotl.errors import DataError


def files(*folders: str) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(2)]


def split(one: str, other: str) -> list[str]:
    return files(f"{one}/cat", f"{one}/dog", f"{other}/cat", f"{other}/dog")


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("TRAIN ", " Val", "val"),
        ("train2017", "val2017", "val"),
        ("1_train", "2_test", "test"),
        ("train.", "test.", "test"),
        ("X_train", "X_test", "test"),
        ("trainset1", "testset1", "test"),
        ("training_data_final", "testing_data_final", "test"),
        ("Train_Set_Folder", "Test_Set_Folder", "test"),
        ("dataset_train/images", "dataset_test/images", "test"),
    ],
)
def test_spellings_of_parts_are_kept_as_parts(one: str, other: str, part: str) -> None:
    found, _ = label_paths(split(one, other), where="here")
    assert Counter((each.label, each.part) for each in found) == {
        ("cat", "train"): 2,
        ("dog", "train"): 2,
        ("cat", part): 2,
        ("dog", part): 2,
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("development", "holdout_set"),
        ("train", "held_out"),
        ("train", "valdation"),
        ("tr", "te"),
        ("gallery", "query"),
        ("labeled", "unlabeled"),
        ("training-original", "training-augmented"),
        ("entrenamiento", "prueba"),
        ("Training", "Prüfung"),
        ("entrainement", "test"),
        ("treino", "teste"),
        ("训练集", "测试集"),
        ("split1", "split2"),
        ("batch_1", "batch_2"),
    ],
)
def test_words_that_autotl_does_not_know_are_refused_by_name(one: str, other: str) -> None:
    with pytest.raises(DataError, match=r"hold folders of the same names: cat, dog\)\. If the inner") as told:
        label_paths(split(one, other), where="here")
    assert one in str(told.value)
    assert other in str(told.value)


@pytest.mark.parametrize(
    "folders",
    [
        ["cat/train", "cat/test", "cat", "dog/train", "dog/test"],
        ["cat/training", "cat/val", "dog"],
        ["data/train/cat", "data/train/dog", "data/test/cat", "data2/cat"],
    ],
)
def test_a_split_inside_some_folders_only_is_refused(folders: list[str]) -> None:
    with pytest.raises(DataError, match="must be in parts of the split"):
        label_paths(files(*folders), where="here")
