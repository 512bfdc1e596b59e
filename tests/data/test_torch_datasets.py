"""Names of classes and files of images inside torch Datasets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, Subset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from autotl.builtin.readers.folders import Folders
from autotl.builtin.readers.torch_dataset import TorchDataset
from autotl.data import read
from autotl.errors import DataError

NAMES = ("cat", "dog", "owl")
READERS = {"torch_dataset": TorchDataset(), "folders": Folders()}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in NAMES:
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            picture = Image.fromarray(rng.integers(0, 256, (6, 5, 3), dtype=np.uint8))
            picture.save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


class Own(Dataset[Any]):
    """A dataset of a user's own: ``label`` makes a label of the class's index."""

    def __init__(
        self, photos: Path, label: Callable[[int], Any], classes: Sequence[str] | None = NAMES
    ) -> None:
        self.files = sorted(photos.rglob("*.png"))
        self.label = label
        if classes is not None:
            self.classes = list(classes)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, row: int) -> Any:
        with Image.open(self.files[row]) as image:
            return image.copy(), self.label(NAMES.index(self.files[row].parent.name))


class Around(Dataset[Any]):
    """A dataset that holds another one."""

    def __init__(self, dataset: Any, label: Callable[[int], int]) -> None:
        self.dataset, self.label = dataset, label

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, row: int) -> Any:
        image, label = self.dataset[row]
        return image, self.label(label)


def called(dataset: object) -> list[str]:
    """Return the labels of the first cat, dog and owl."""
    found = read(dataset, readers=READERS)
    labels = dict(zip(found.table["item"], found.table["label"], strict=True))
    return [found.classes[labels[f"image {row}"]] for row in (0, 3, 6)]


def test_names_belong_to_labels_that_count_from_0(photos: Path) -> None:
    assert called(ImageFolder(str(photos))) == list(NAMES)
    assert called(Own(photos, int)) == list(NAMES)
    assert called(Own(photos, str)) == list(NAMES)
    assert called(Own(photos, lambda index: NAMES[index], classes=None)) == list(NAMES)


def test_names_that_may_not_belong_to_the_labels_are_not_used(photos: Path) -> None:
    assert called(Own(photos, lambda index: index + 1)) == ["1", "2", "3"]
    assert called(Own(photos, lambda index: 2 * index)) == ["0", "2", "4"]
    assert called(Own(photos, int, classes=(*NAMES, "yak"))) == ["0", "1", "2"]
    assert called(ImageFolder(str(photos), target_transform=lambda v: 2 - v)) == ["2", "1", "0"]
    assert called(ImageFolder(str(photos), target_transform=lambda v: int(v > 0))) == ["0", "1", "1"]
    notes = read(Own(photos, lambda index: index + 1), readers=READERS).notes
    assert notes[0].endswith("so the labels are used as class names.")
    assert read(Own(photos, int), readers=READERS).notes == ()


def test_class_to_idx_says_which_label_a_name_belongs_to(photos: Path) -> None:
    dataset: Any = Own(photos, lambda index: index + 1)
    dataset.class_to_idx = {"cat": 1, "dog": 2, "owl": 3}
    assert called(dataset) == list(NAMES)
    dataset.class_to_idx = {"cat": 0, "dog": 1, "owl": 2}
    assert called(dataset) == ["1", "2", "3"]


def test_the_first_of_several_names_of_a_class_is_used(photos: Path) -> None:
    dataset: Any = Own(photos, int)
    dataset.classes = [("cat", "tabby"), ("dog", "hound"), ("owl",)]
    dataset.class_to_idx = {"cat": 0, "tabby": 0, "dog": 1, "hound": 1, "owl": 2}
    assert called(dataset) == list(NAMES)


def test_parts_of_datasets_keep_the_names(photos: Path) -> None:
    whole = ImageFolder(str(photos))
    assert called(ConcatDataset([whole, whole])) == list(NAMES)
    assert called(ConcatDataset([Subset(whole, range(6)), Subset(whole, range(6, 9))])) == list(NAMES)
    pair = read(Subset(whole, [0, 1, 6, 7]), readers=READERS)
    assert pair.classes == ("cat", "owl")
    assert called(ConcatDataset([whole, Own(photos, int, classes=None)])) == ["0", "1", "2"]


def test_joined_datasets_that_disagree_are_refused(photos: Path) -> None:
    with pytest.raises(DataError, match=r"label 0 equally .got 'cat' and 'ant'"):
        called(ConcatDataset([ImageFolder(str(photos)), Own(photos, int, classes=("ant", "dog", "owl"))]))


def test_a_dataset_around_another_has_its_names_if_the_labels_are_the_same(photos: Path) -> None:
    whole = ImageFolder(str(photos))
    assert called(Around(whole, int)) == list(NAMES)
    assert called(Around(whole, lambda v: 2 - v)) == ["2", "1", "0"]
    assert called(Around(Own(photos, int, classes=None), int)) == ["0", "1", "2"]


@pytest.mark.parametrize("transform", [None, v2.Compose([v2.ToImage()])], ids=["plain", "transformed"])
def test_an_image_folder_is_read_as_the_folder_is(photos: Path, transform: Any) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a camera on its side
    for file in photos.rglob("*.png"):
        with Image.open(file) as image:
            image.copy().save(file, exif=exif)
    plain = read(photos, readers=READERS)
    found = [
        read(source, readers=READERS)
        for source in (
            ImageFolder(str(photos), transform=transform),
            ConcatDataset([Subset(ImageFolder(str(photos), transform=transform), range(9))]),
        )
    ]
    assert {each.digest for each in found} == {plain.digest}
    assert set(plain.table["width"]) == {6}


def test_an_image_folder_keeps_16_bits(photos: Path) -> None:
    rng = np.random.default_rng(0)
    for file in photos.rglob("*.png"):
        Image.fromarray(rng.integers(0, 65536, (6, 5), dtype=np.uint16)).save(file)
    found, plain = (read(source, readers=READERS) for source in (ImageFolder(str(photos)), photos))
    assert found.digest == plain.digest
    assert found.scale == plain.scale
