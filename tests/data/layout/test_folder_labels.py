"""Labels and parts are derived from folders."""

from __future__ import annotations

import pytest

from autotl.data import label_paths
from autotl.errors import DataError


def placed(*names: str) -> dict[str, tuple[str, str | None]]:
    found, _ = label_paths(names, where="here")
    return {each.name: (each.label, each.part) for each in found}


def test_the_first_folder_is_the_class() -> None:
    assert placed("cat/1.jpg", "dog/deep/er/2.PNG") == {
        "cat/1.jpg": ("cat", None),
        "dog/deep/er/2.PNG": ("dog", None),
    }


def test_single_wrapping_folders_are_skipped() -> None:
    assert placed("a/b/cat/1.jpg", "a/b/dog/2.jpg", "a/cover.jpg") == {
        "a/b/cat/1.jpg": ("cat", None),
        "a/b/dog/2.jpg": ("dog", None),
    }


@pytest.mark.parametrize("val", ["val", "valid", "Validation", "dev"])
def test_train_val_and_test_folders_are_parts(val: str) -> None:
    assert placed("w/train/cat/1.jpg", f"w/{val}/dog/2.jpg", "w/Test/dog/3.jpg") == {
        "w/train/cat/1.jpg": ("cat", "train"),
        f"w/{val}/dog/2.jpg": ("dog", "val"),
        "w/Test/dog/3.jpg": ("dog", "test"),
    }


def test_parts_inside_the_classes_are_parts_too() -> None:
    assert placed("cat/train/1.jpg", "cat/test/2.jpg", "dog/train/3.jpg", "dog/test/4.jpg") == {
        "cat/train/1.jpg": ("cat", "train"),
        "cat/test/2.jpg": ("cat", "test"),
        "dog/train/3.jpg": ("dog", "train"),
        "dog/test/4.jpg": ("dog", "test"),
    }


def test_a_class_may_be_called_like_a_part_among_other_classes() -> None:
    assert placed("train/1.jpg", "car/2.jpg") == {"train/1.jpg": ("train", None), "car/2.jpg": ("car", None)}


def test_hidden_files_mac_leftovers_and_steps_outside_are_no_labels() -> None:
    assert placed(
        "cat/1.jpg", "../../dog/2.jpg", "__MACOSX/cat/._1.jpg", ".git/x/3.jpg", "cat/.hid.jpg", "bird\\4.jpg"
    ) == {"cat/1.jpg": ("cat", None), "../../dog/2.jpg": ("dog", None), "bird\\4.jpg": ("bird", None)}


def test_composed_and_decomposed_accents_are_one_class() -> None:
    assert {label for label, _ in placed("caf\u00e9/1.jpg", "cafe\u0301/2.jpg", "tea/3.jpg").values()} == {
        "café",
        "tea",
    }


def test_left_out_images_are_noted() -> None:
    names = ["train/a/1.jpg", "test/b/2.jpg", "extra/c/3.jpg", "train/4.jpg", "readme.txt"]
    _, notes = label_paths(names, where="here")
    assert notes == (
        "Left out the folders that are neither train, val nor test: extra.",
        "Left out 1 images that are in no class folder.",
        "Ignored 1 files that are not images: readme.txt.",
        "The folders' own split is kept: train 1, test 1.",
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "holds no images"),
        (["a.txt", "b/c.pdf"], "holds no images .2 other files."),
        (["1.jpg", "2.jpg"], "in no class folder"),
        (["1.jpg", "labels.csv"], "If labels.csv holds the labels, give that file"),
        (["source/1.jpg", "source/2.jpg"], "two class folders or more .got only 'source'"),
        (["train/1.jpg", "test/2.jpg"], "in no class folder of test, train"),
    ],
)
def test_a_tree_without_labels_is_refused_with_what_to_do(names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        label_paths(names, where="here")


def test_an_image_beside_a_wrapping_folder_of_parts_is_left_out() -> None:
    names = ["x.png", "data/train/a/1.png", "data/train/b/2.png", "data/test/a/3.png"]
    found, notes = label_paths(names, where="here")
    assert [each.part for each in found] == ["train", "train", "test"]
    assert "Left out 1 images that are in no class folder." in notes
