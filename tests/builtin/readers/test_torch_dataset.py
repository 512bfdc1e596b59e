"""torch Datasets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from autotl.api import Columns
from autotl.builtin.readers.torch_dataset import TorchDataset
from autotl.data import read
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks, tiny_pictures

READERS = {"torch_dataset": TorchDataset()}


class Pairs(Dataset[Any]):
    def __init__(self, pairs: Pictures, show: Callable[[Image.Image], Any] = lambda image: image) -> None:
        self.pairs, self.show = pairs, show

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, row: int) -> Any:
        image, label = self.pairs[row]
        return self.show(image), label


class TestOfPilImages(ReaderChecks):
    reader = TorchDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return Pairs(pictures)


class TestOfArrays(ReaderChecks):
    reader = TorchDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return Pairs(pictures, np.asarray)


class TestOfTensors(ReaderChecks):
    reader = TorchDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return Pairs(pictures, v2.functional.to_image)


class TestImageFolderWithTransforms(ReaderChecks):
    reader = TorchDataset()

    def source(self, pictures: Pictures, folder: Path) -> object:
        for number, (image, label) in enumerate(pictures):
            (folder / label).mkdir(exist_ok=True)
            image.save(folder / label / f"{number}.png")
        show = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])
        return ImageFolder(str(folder), transform=show)


def test_subsets_keep_the_class_names(tmp_path: Path) -> None:
    whole = TestImageFolderWithTransforms().source(tiny_pictures(), tmp_path)
    part = Subset(Subset(whole, range(2, 10)), [0, 1, 5])
    assert [item.target for item in TorchDataset().read(part, Columns()).items] == ["ant", "ant", "bee"]


def test_labels_known_to_the_dataset_spare_a_pass_but_are_checked() -> None:
    asked: list[int] = []

    class Counted(Pairs):
        def __getitem__(self, row: int) -> Any:
            asked.append(row)
            return super().__getitem__(row)

    honest = Counted(tiny_pictures(each=30))
    honest.targets = [label for _, label in honest.pairs]
    assert [item.target for item in TorchDataset().read(honest, Columns()).items] == honest.targets
    assert len(asked) < 30
    stale = Counted(tiny_pictures(each=30))
    stale.targets = honest.targets[::-1]
    assert [item.target for item in TorchDataset().read(stale, Columns()).items] == honest.targets


def test_other_ways_to_join_datasets_work() -> None:
    images = torch.randint(0, 256, (8, 3, 5, 5), dtype=torch.uint8)
    labels = torch.tensor([0, 1] * 4)
    dataset = read(
        ConcatDataset([TensorDataset(images[:4], labels[:4]), TensorDataset(images[4:], labels[4:])]),
        readers=READERS,
    )
    assert dataset.classes == ("0", "1")
    assert len(dataset) == 8


def test_random_transforms_are_refused() -> None:
    with pytest.raises(DataError, match="Remove random transforms"):
        read(Pairs(tiny_pictures(), v2.RandomCrop(5)), readers=READERS)


def test_normalised_images_are_refused_with_their_range() -> None:
    def normalised(image: Image.Image) -> torch.Tensor:
        return v2.functional.to_image(image).float() / 127.5 - 1

    with pytest.raises(DataError, match=r"between -1 and 1.*before any normalisation"):
        read(Pairs(tiny_pictures(), normalised), readers=READERS)


def test_items_that_are_no_pair_are_refused() -> None:
    with pytest.raises(DataError, match="got 1 values at 0"):
        read(TensorDataset(torch.zeros(3, 3, 4, 4)), readers=READERS)
    with pytest.raises(DataError, match="got a str as image 0"):
        read(Pairs(tiny_pictures(), str), readers=READERS)
    with pytest.raises(DataError, match="must not be empty"):
        read(Pairs([]), readers=READERS)


def test_a_stream_is_not_read() -> None:
    class Stream(IterableDataset[Any]):
        def __iter__(self) -> Any:
            return iter(())

    assert "IterableDataset" in TorchDataset().reads(Stream()).why


class Alone(torch.utils.data.Dataset[Any]):
    """Images without labels."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, row: int) -> Image.Image:
        return Image.new("RGB", (3, 3), (row, 0, 0))


def test_images_without_labels_can_be_predicted_on() -> None:
    found = TorchDataset().images(Alone(), Columns())
    assert [(name, np.asarray(opener())[0, 0, 0]) for name, opener in found] == [
        ("image 0", 0),
        ("image 1", 1),
    ]
