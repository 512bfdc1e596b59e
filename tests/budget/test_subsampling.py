"""The number of images that a budget allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autotl import plugins
from autotl.api import Dataset
from autotl.budget.subsampling import MIN_TESTS, reading_note, seconds_left, seconds_to_read, subsample
from autotl.data import read, split
from autotl.preparation.record import LEAST_ROWS


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """9,000 images: 7,200 to learn from and 1,800 to test on."""
    images = np.random.default_rng(0).integers(0, 255, (9000, 4, 4, 3), dtype=np.uint8)
    return read((images, ["a", "b", "c"] * 3000), readers=plugins.load().readers.items)


def backbone(seconds: float) -> dict[str, Any]:
    """Return a backbone that takes so many seconds for an image."""
    pace = SimpleNamespace(seconds=lambda n, *, input_size: n * seconds)
    return {"some": SimpleNamespace(pace=pace, input_size=32)}


def test_all_images_are_used_if_there_is_time(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    assert subsample(dataset, whole, backbone(1e-4), left=60, strategies=3, seed=0) == (whole, [])
    assert subsample(dataset, whole, backbone(10.0), left=None, strategies=3, seed=0) == (whole, [])
    assert subsample(dataset, whole, backbone(1e-4), left=9, strategies=0, seed=0) == (whole, [])
    assert seconds_to_read(seconds_left(None, 3.0)) is None
    assert seconds_left(10.0, 3.0) == 7.0


def test_fractions_of_the_budget_limit_training_and_test_images(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    less, notes = subsample(dataset, whole, backbone(0.005), left=60, strategies=3, seed=0)
    assert len(less.train) == pytest.approx(0.25 * 60 / 0.005, abs=5)
    assert len(less.test) == pytest.approx(0.2 * 60 / 0.015, abs=5)
    assert [note.split(" of ")[0] for note in notes] == [
        "Trains on 3,000",
        f"Tests on {len(less.test)}",
    ]


def test_some_images_are_used_however_short_the_time(dataset: Dataset) -> None:
    less, _ = subsample(dataset, split(dataset, seed=0), backbone(1.0), left=-3, strategies=3, seed=0)
    assert len(less.train) == pytest.approx(LEAST_ROWS, abs=5)
    assert len(less.test) == pytest.approx(MIN_TESTS, abs=5)


def test_unread_images_are_reported(dataset: Dataset) -> None:
    assert reading_note(dataset) == ""
    images = np.random.default_rng(0).integers(0, 255, (3000, 4, 4, 3), dtype=np.uint8)
    less = read((images, ["a", "b"] * 1500), readers=plugins.load().readers.items, most=1200)
    assert reading_note(less).startswith("Reads 1,200 of 3,000 images")
