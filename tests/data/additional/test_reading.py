"""Images besides the labelled ones are read into a dataset of their own."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PIL import Image

from autotl.api import Dataset, Item, PixelScale
from autotl.clock import WallClock
from autotl.data import image_from_array
from autotl.data.additional.listing import AdditionalListing
from autotl.data.additional.reading import ReadingLimits, read_additional, unreadable_note
from autotl.errors import DataError
from autotl.testing import tiny_images

ALL = ReadingLimits()


def listing(count: int = 12, broken: int = 0, *, labelled: bool = False) -> AdditionalListing:
    images, names = tiny_images(classes=2, each=count // 2)
    items = [
        Item(f"{i}.png", name if labelled else "", partial(image_from_array, pixels))
        for i, (pixels, name) in enumerate(zip(images, names, strict=True))
    ]
    bad = [Item(f"bad{i}.png", "bars" if labelled else "", _raise) for i in range(broken)]
    return AdditionalListing("unlabelled", [*items, *bad], labelled)


def _raise() -> Image.Image:
    raise OSError("cut off")


def read(given: AdditionalListing, limits: ReadingLimits = ALL) -> tuple[Dataset, int | None]:
    return read_additional(given, None, limits, clock=WallClock(), seed=0)


def test_images_without_labels_have_no_classes() -> None:
    dataset, asked = read(listing())
    assert (len(dataset), dataset.classes, asked) == (12, (), None)
    assert dataset.openers[0]().mode == "RGB"
    assert set(dataset.table["label"]) == {0}


def test_classes_are_part_of_the_digest() -> None:
    with_classes, _ = read(listing(labelled=True))
    without, _ = read(listing())
    assert with_classes.classes == ("bars", "rings")
    assert with_classes.digest != without.digest
    assert list(with_classes.table["digest"]) == list(without.table["digest"])


def test_labels_that_are_not_learned_from_do_not_change_the_sample() -> None:
    without, few = listing(count=60), ReadingLimits(recorded=9)
    items = [replace(item, target="bars" if i % 7 else "") for i, item in enumerate(without.items)]
    with_labels = replace(without, items=items)
    assert list(read(with_labels, few)[0].table["item"]) == list(read(without, few)[0].table["item"])


def test_unreadable_images_are_left_out_and_named() -> None:
    dataset, _ = read(listing(broken=5))
    assert len(dataset) == 12
    note = unreadable_note("unlabelled", dataset)
    assert note.startswith("5 of the unlabelled images cannot be read and are left out: bad0.png (")
    assert note.endswith(" and 2 more.")
    only_bad = AdditionalListing("source", listing(broken=3).items[-3:])
    with pytest.raises(DataError, match=r"None of the 3 source images can be read: bad0\.png"):
        read(only_bad)


def test_a_sample_is_drawn_again_by_its_number() -> None:
    given = listing(40, labelled=True)
    first, asked = read(given, ReadingLimits(most=11))
    again, _ = read(given, ReadingLimits(most=30, recorded=asked))
    assert asked == 11
    assert len(first) < 20
    assert first.left_out == 40 - len(first)
    assert set(first.table["label"]) == {0, 1}
    assert again.digest == first.digest


def test_images_of_more_than_8_bits_take_the_scale_of_the_labelled_ones() -> None:
    deep = np.random.default_rng(0).integers(0, 4096, (12, 9, 9)).astype(np.uint16)
    items = [Item(f"{i}", "", partial(image_from_array, each)) for i, each in enumerate(deep)]
    dataset, _ = read_additional(
        AdditionalListing("unlabelled", items),
        PixelScale(integers=(0, 65535)),
        ReadingLimits(),
        clock=WallClock(),
        seed=0,
    )
    assert max(np.asarray(opener()).max() for opener in dataset.openers) <= 16
