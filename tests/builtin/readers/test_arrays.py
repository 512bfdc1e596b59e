"""Images and labels in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from autotl.api import Columns, Listing
from autotl.builtin.readers.arrays import Arrays
from autotl.data import read
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
LABELS = [0, 1, 0, 1, 0, 1]


def stacked(pictures: Pictures) -> np.ndarray:
    return np.stack([np.asarray(image) for image, _ in pictures])


class TestNumpy(ReaderChecks):
    reader = Arrays()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return stacked(pictures), np.array([label for _, label in pictures])


class TestTorch(ReaderChecks):
    reader = Arrays()

    def source(self, pictures: Pictures, folder: Path) -> object:
        images = torch.from_numpy(stacked(pictures)).permute(0, 3, 1, 2).float() / 255
        return [images, [label for _, label in pictures]]


class TestListOfArrays(ReaderChecks):
    reader = Arrays()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return list(stacked(pictures)), [label for _, label in pictures]


def listed(images: object, labels: object = LABELS) -> Listing:
    return Arrays().read((images, labels), Columns())


def pixels(listing: Listing) -> np.ndarray:
    return np.stack([np.asarray(item.open()) for item in listing.items])


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        IMAGES.transpose(0, 3, 1, 2),
        torch.from_numpy(IMAGES),
        torch.from_numpy(IMAGES).permute(0, 3, 1, 2),
        IMAGES / 255,
        (IMAGES / 255).astype(np.float32),
        torch.from_numpy(IMAGES).double().div(255).requires_grad_(),
        IMAGES.astype(np.float32),
        IMAGES.astype(np.int64),
    ],
    ids=["NHWC", "NCHW", "torch NHWC", "torch NCHW", "float64", "float32", "with grad", "float 255", "int64"],
)
def test_every_layout_and_scale_gives_the_same_pixels(images: object) -> None:
    assert (pixels(listed(images)) == IMAGES).all()


@pytest.mark.parametrize("shape", [(6, 5, 7), (6, 5, 7, 1), (6, 1, 5, 7)])
def test_grey_images_are_repeated(shape: tuple[int, ...]) -> None:
    grey = IMAGES[..., 0]
    assert (pixels(listed(grey.reshape(shape))) == grey[..., None]).all()


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (IMAGES.astype(np.float32), "0 is black and 255 is white"),
        (IMAGES / 255, "0 is black and 1 is white"),
        (IMAGES.astype(np.uint16) * 257, "0 is black and 65535 is white"),
        (IMAGES.astype(np.uint16) * 16, "0 is black and 4095 is white"),
        (IMAGES / 255 * 1.006, "0 is black and 1 is white. Pixels outside, in 6 images, are clipped"),
    ],
    ids=["float 255", "float 1", "16 bits", "12 bits", "a hair above 1"],
)
def test_one_scale_for_all_arrays_is_chosen_and_noted(images: np.ndarray, note: str) -> None:
    images[:, 0, 0] = images.max()
    dataset = read((images, LABELS), readers={"arrays": Arrays()})
    assert note in dataset.notes[0]
    rows = [int(name.split()[1]) for name in dataset.table["item"]]
    found = np.stack([np.asarray(opener()) for opener in dataset.openers])
    expected = IMAGES[rows].copy()
    expected[:, 0, 0] = 255
    assert np.abs(found.astype(int) - expected).max() <= 2
    assert not read((IMAGES, LABELS), readers={"arrays": Arrays()}).notes


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES / 127.5 - 1, "between -1 and 1"),
        (IMAGES.astype(np.int64) * 300, "int64.* between .* and 7"),
        (IMAGES.astype(np.int16) - 1000, "int16.* between -"),
        (np.full((6, 5, 5), np.nan), "NaN"),
        (IMAGES > 0, "got bool"),
        (np.zeros((6, 5, 7, 2), np.uint8), "1, 3 or 4 channels"),
        (np.zeros((6, 35), np.uint8), "got .6, 35."),
        (np.zeros((0, 5, 5), np.uint8), "got 0 and 6"),
    ],
)
def test_other_arrays_are_refused_with_what_was_found(images: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pixels(listed(images))


@pytest.mark.parametrize(
    "labels",
    [LABELS, np.array(LABELS), torch.tensor(LABELS), np.array(LABELS)[:, None], [float(y) for y in LABELS]],
)
def test_labels_of_every_kind_are_the_same(labels: object) -> None:
    assert [item.target for item in listed(IMAGES, labels).items] == ["0", "1", "0", "1", "0", "1"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], "got 6 and 2"),
        (np.eye(2)[LABELS], r"labels.argmax\(1\)"),
        ([0, 1, None, 1, 0, float("nan")], "2 of 6 labels are missing: image 2, image 5"),
        ([0.5, 1, 0, 1, 0, 1], "whole number .got 0.5"),
    ],
)
def test_other_labels_are_refused(labels: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        listed(IMAGES, labels)
