"""Thumbnails, masks and files that belong to other images."""

from __future__ import annotations

import pytest

from autotl.data import label_paths
from autotl.errors import DataError


def placed(*names: str) -> tuple[list[str], tuple[str, ...]]:
    found, notes = label_paths(names, where="here")
    return [each.name for each in found], notes


def test_masks_in_a_folder_beside_images_are_left_out_and_counted() -> None:
    names, notes = placed(
        *[f"{kind}/{part}/{kind}-{n}.png" for kind in "ab" for part in ("images", "masks") for n in range(3)]
    )
    assert names == [f"{kind}/images/{kind}-{n}.png" for kind in "ab" for n in range(3)]
    assert notes[0] == "Left out masks and thumbnails, which belong to other images: folder masks 6."
    assert "6 images in folders inside the class folders" in notes[1]


def test_masks_of_whole_classes_beside_their_images_are_left_out() -> None:
    names, _ = placed("images/a/1.png", "images/b/2.png", "masks/a/1.png", "masks/b/2.png")
    assert names == ["images/a/1.png", "images/b/2.png"]


def test_masks_beside_their_image_are_left_out() -> None:
    names, notes = placed("a/x (1).png", "a/x (1)_mask.png", "a/x (1)_mask_1.png", "b/y.png", "b/mask.png")
    assert names == ["a/x (1).png", "b/y.png", "b/mask.png"]
    assert "files *_mask 2" in notes[0]


def test_a_class_called_mask_is_a_class() -> None:
    names, notes = placed("mask/1.png", "mask/2.png", "no_mask/1.png", "no_mask/3.png")
    assert len(names) == 4
    assert notes == ()


@pytest.mark.parametrize("folder", ["@eaDir", "$RECYCLE.BIN", "System Volume Information"])
def test_system_folders_are_left_out_with_a_note(folder: str) -> None:
    names, notes = placed("a/1.png", f"a/{folder}/1.png/T.jpg", f"a/{folder}/log", "b/2.png")
    assert names == ["a/1.png", "b/2.png"]
    assert notes == (f"Left out the files in system folders: {folder} 2.",)


def test_folders_inside_classes_are_counted_by_name() -> None:
    _, notes = placed("animals/cats/1.png", "animals/dogs/2.png", "animals/dogs/3.png", "cars/4.png")
    assert notes == (
        "Used 3 images in folders inside the class folders as images of the class: dogs 2, cats 1. "
        "If these folders are classes, put them side by side.",
    )


def test_a_raw_file_beside_its_jpeg_is_left_out() -> None:
    names, notes = placed("a/1.jpg", "a/1.DNG", "b/2.jpg", "b/3.heic")
    assert names == ["a/1.jpg", "b/2.jpg", "b/3.heic"]
    assert notes == ("Left out unreadable files beside a readable image of the same name: .dng 1.",)


def test_a_class_folder_without_an_image_is_refused() -> None:
    with pytest.raises(DataError, match=r"the folder owl .* no image, but 2 other files: \.npy 2"):
        placed("cat/1.png", "dog/2.png", "owl/1.npy", "owl/2.npy")
    with pytest.raises(DataError, match=r"the folder train/owl .* 1 other files: no suffix 1"):
        placed("train/cat/1.png", "train/dog/2.png", "train/owl/1")
    assert placed("cat/1.png", "dog/2.png", "notes/1.xml")[0] == ["cat/1.png", "dog/2.png"]
