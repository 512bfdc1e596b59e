"""Images besides the labelled ones are listed from any form, and bad sets are refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl import plugins
from autotl.data.additional.listing import MIN_GIVEN, list_additional
from autotl.errors import DataError
from autotl.testing import tiny_images

READERS = plugins.load().readers.items


def folder_of(root: Path, images: np.ndarray, names: list[str]) -> Path:
    """Write a class folder for each name; images of the name "" are directly in the folder."""
    for i, (pixels, name) in enumerate(zip(images, names, strict=True)):
        (root / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / name / f"{i}.png")
    return root


def test_source_images_keep_their_classes(tmp_path: Path) -> None:
    images, names = tiny_images(classes=2, each=6)
    found = list_additional("source", folder_of(tmp_path, images, names), readers=READERS)
    assert found.labelled
    assert {item.target for item in found.items} == {"bars", "rings"}
    assert found.notes == ()


def test_source_images_without_classes_are_listed_with_a_note(tmp_path: Path) -> None:
    images, _ = tiny_images(classes=1, each=12)
    for source in (folder_of(tmp_path, images, [""] * 12), images):
        found = list_additional("source", source, readers=READERS)
        assert (found.labelled, len(found.items)) == (False, 12)
        assert found.notes == ("The source images have no classes.",)


def test_labels_of_unlabelled_images_are_ignored_with_a_note(tmp_path: Path) -> None:
    images, names = tiny_images(classes=2, each=6)
    for given in (folder_of(tmp_path, images, names), (images, names)):
        found = list_additional("unlabelled", given, readers=READERS)
        assert {item.target for item in found.items} == {""}
        assert found.notes == ("The labels of the unlabelled images (2 classes) are ignored.",)
    assert not list_additional("unlabelled", images, readers=READERS).notes


@pytest.mark.parametrize("shape", [(12, 9, 9), (12, 9, 9, 3), (12, 3, 9, 9)])
def test_arrays_are_images(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    found = list_additional("unlabelled", images, readers=READERS)
    assert [item.open().size for item in found.items] == [(9, 9)] * 12
    assert len(list_additional("unlabelled", list(images), readers=READERS).items) == 12


def test_an_empty_set_and_a_small_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"unlabelled images cannot be listed: .* holds no images"):
        list_additional("unlabelled", tmp_path, readers=READERS)
    with pytest.raises(DataError, match=rf"must have at least {MIN_GIVEN} images \(got 0\)"):
        list_additional("unlabelled", [], readers=READERS)
    Image.new("RGB", (8, 8)).save(tmp_path / "one.png")
    for one in (tmp_path, tmp_path / "one.png"):
        with pytest.raises(DataError, match=r"unlabelled must have at least 10 images \(got 1\)\. Give more"):
            list_additional("unlabelled", one, readers=READERS)


def test_other_inputs_are_refused() -> None:
    one = np.zeros((9, 9, 3), dtype=np.uint8)
    with pytest.raises(DataError, match=r"unlabelled must have the shape \(n, h, w\)"):
        list_additional("unlabelled", one, readers=READERS)
    with pytest.raises(DataError, match=r"images must be images \(got the type dict"):
        list_additional("source", {}, readers=READERS)
    with pytest.raises(DataError, match=r"that can be read twice \(got a generator\)"):
        list_additional("source", (one for _ in range(20)), readers=READERS)


def test_lists_and_generators_of_paths_and_images_are_listed(tmp_path: Path) -> None:
    images, _ = tiny_images(classes=1, each=12)
    folder_of(tmp_path, images, [""] * 12)
    paths = sorted(tmp_path.glob("*.png"))
    pictures = [Image.fromarray(each) for each in images]
    mixed = [*map(str, paths[:6]), *pictures[6:]]
    for given in (paths, pictures, mixed, (each for each in pictures), (each for each in images)):
        found = list_additional("unlabelled", given, readers=READERS)
        assert [(item.target, item.open().size) for item in found.items] == [("", (24, 24))] * 12
    assert len(list_additional("source", paths, readers=READERS).items) == 12


def test_grey_images_with_several_labels_are_a_pair_and_not_two_images() -> None:
    rng = np.random.default_rng(0)
    grey, labels = rng.integers(0, 255, (20, 8, 8), dtype=np.uint8), rng.integers(0, 2, (20, 3))
    found = list_additional("unlabelled", (grey, labels), readers=READERS)
    assert [item.open().size for item in found.items] == [(8, 8)] * 20
