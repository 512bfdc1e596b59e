"""Top folders are parts of a split, folds, domains or classes."""

from __future__ import annotations

from collections import Counter

import pytest

from autotl.data import label_paths
from autotl.errors import DataError


def files(*folders: str) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(3)]


def counts(*folders: str) -> Counter[tuple[str, str | None]]:
    found, _ = label_paths(files(*folders), where="here")
    return Counter((each.label, each.part) for each in found)


def inside(*tops: str) -> list[str]:
    return [f"{top}/{name}" for top in tops for name in ("cat", "dog")]


@pytest.mark.parametrize(
    ("one", "other", "part"),
    [
        ("training_set", "test_set", "test"),
        ("train", "eval", "val"),
        ("train", "validate", "val"),
        ("train_data", "test_data", "test"),
        ("train", "holdout", "test"),
        ("train1", "test1", "test"),
        ("trn", "tst", "test"),
        ("seg_train/seg_train", "seg_test/seg_test", "test"),
        ("ham_train", "isic_test", "test"),
    ],
)
def test_parts_under_other_names_are_kept(one: str, other: str, part: str) -> None:
    assert counts(*inside(one, other)) == {
        ("cat", "train"): 3,
        ("dog", "train"): 3,
        ("cat", part): 3,
        ("dog", part): 3,
    }


def test_the_note_names_the_folder_of_each_part() -> None:
    _, notes = label_paths(files(*inside("seg_train", "seg_test"), "seg_pred"), where="here")
    assert notes == (
        "Left out the folders that are neither train, val nor test: seg_pred.",
        "The folders' own split is kept: train 6 (seg_train), test 6 (seg_test).",
    )


@pytest.mark.parametrize("other", ["unlabeled/cat", "unlabeled"])
def test_images_without_labels_beside_train_are_no_class(other: str) -> None:
    assert counts(*inside("train"), other) == {("cat", "train"): 3, ("dog", "train"): 3}


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (inside("fold_0", "fold_1", "fold_2"), "folds of cross-validation: fold_0, fold_1, fold_2"),
        (inside("amazon", "webcam"), r"amazon, webcam, which hold folders of the same names: cat, dog"),
        (["p1/0", "p1/1", "p2/0", "p3/0", "p3/1"], r"p1, p2, p3, which hold folders of the same names: 0, 1"),
        (inside("train", "wild"), r"train, wild, which hold folders of the same names: cat, dog"),
        (["trainA", "trainB", "testA", "testB"], "must name a part of a split or a class .got both in testA"),
        ([*inside("imgs"), "bird"], "a folder imgs with folders .cat, dog., beside bird with images"),
        (["cat/fold1", "cat/fold2", "dog/fold1", "dog/fold2"], "the same names: fold1, fold2"),
    ],
)
def test_unclear_folders_are_refused_by_name(folders: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        counts(*folders)


def test_a_stray_folder_beside_the_one_with_the_classes_is_left_out() -> None:
    found, notes = label_paths(files(*inside("imgs"), "docs"), where="here")
    assert {each.label for each in found} == {"cat", "dog"}
    assert "Left out the folders beside imgs, which holds the classes: docs 3." in notes


@pytest.mark.parametrize(
    "folders",
    [
        ["train_station", "bus_station"],
        ["passenger_train", "freight_train"],
        ["test_tube", "train_station"],
        ["valid", "invalid"],
        ["mask", "no_mask"],
        ["cat", "dog/puggle", "dog/beagle"],
        ["benign/SOB", "malignant/SOB"],
        ["cat/2019-05-01", "cat/2019-05-02", "dog/2019-05-01", "dog/2019-05-02"],
    ],
)
def test_classes_whose_names_only_look_like_parts_stay_classes(folders: list[str]) -> None:
    assert {label for label, _ in counts(*folders)} == {folder.split("/")[0] for folder in folders}
