"""A split is reduced to fewer images, or enlarged."""

from __future__ import annotations

import numpy as np
import pytest

from autotl import plugins
from autotl.api import Dataset
from autotl.data import read, split, subsample_test, subsample_train


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """2,600 images, one class of them rare."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (2600, 4, 4, 3), dtype=np.uint8)
    labels = ["rare" if i < 20 else ("left", "right")[i % 2] for i in range(2600)]
    return read((images, labels), readers=plugins.load().readers.items)


def test_every_class_keeps_its_share_and_the_test_part_stays(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    less = subsample_train(dataset, whole, 500, seed=0)
    assert len(less.train) == pytest.approx(500, abs=10)
    assert np.array_equal(less.test, whole.test)
    assert less.hash != whole.hash
    labels = dataset.targets
    before, after = (np.bincount(labels[each.train], minlength=3) for each in (whole, less))
    assert after / after.sum() == pytest.approx(before / before.sum(), abs=0.01)
    assert (np.bincount(labels[less.folds[0].train], minlength=3) >= 2).all()


def test_parts_and_folds_stay_separate(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    less = subsample_train(dataset, whole, 500, seed=0)
    assert np.isin(less.folds[0].train, whole.folds[0].train).all()
    assert np.isin(less.folds[0].val, whole.folds[0].val).all()
    assert np.array_equal(less.train, np.union1d(less.folds[0].train, less.folds[0].val))


def test_the_same_seed_gives_the_same_subsample(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    assert (
        subsample_train(dataset, whole, 500, seed=1).hash == subsample_train(dataset, whole, 500, seed=1).hash
    )
    assert (
        subsample_train(dataset, whole, 500, seed=1).hash != subsample_train(dataset, whole, 500, seed=2).hash
    )
    assert subsample_train(dataset, whole, len(whole.train), seed=0) is whole


def test_folds_keep_what_they_validate_on_apart() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (1500, 4, 4, 3), dtype=np.uint8)
    labels = ["rare" if i < 20 else ("left", "right")[i % 2] for i in range(1500)]
    found = read((images, labels), readers=plugins.load().readers.items)
    whole = split(found, seed=0)
    less = subsample_train(found, whole, 300, seed=0)
    assert len(less.train) == pytest.approx(300, abs=15)
    assert len(less.folds) == len(whole.folds) == 5
    for before, after in zip(whole.folds, less.folds, strict=True):
        assert np.isin(after.val, before.val).all()
        assert np.array_equal(np.setdiff1d(less.train, after.val), after.train)
        assert set(found.table["label"].to_numpy()[after.val]) == {0, 1, 2}
    assert np.array_equal(less.test, whole.test)


def test_fewer_test_images_keep_their_classes_and_leave_training_alone(dataset: Dataset) -> None:
    whole = split(dataset, seed=0)
    less = subsample_test(dataset, whole, 50, seed=0)
    assert len(less.test) == pytest.approx(50, abs=3)
    assert np.isin(less.test, whole.test).all()
    assert np.array_equal(less.train, whole.train)
    assert less.hash != whole.hash
    labels = dataset.targets
    assert (np.bincount(labels[less.test], minlength=3) >= 1).all()
    assert subsample_test(dataset, whole, len(whole.test), seed=0) is whole
