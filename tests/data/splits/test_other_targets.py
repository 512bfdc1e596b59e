"""Splits keep the shares of labels and the spread of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autotl import plugins
from autotl.api import Columns, Dataset
from autotl.data import (
    count_strata,
    hide_rows,
    labels_by_part,
    quality,
    read,
    split,
    subsample_train,
    summarise_data,
    with_number_scales,
)
from autotl.errors import DataError

READERS = plugins.load().readers.items
N = 300


def dataset(labels: Any, **columns: Any) -> Dataset:
    images = np.random.default_rng(1).integers(0, 256, (len(labels), 4, 4, 3), dtype=np.uint8)
    return read((images, labels), readers=READERS, columns=Columns(**columns))


@pytest.fixture(scope="module")
def labelled() -> Dataset:
    """Six labels, from common to rare, that occur together."""
    rng = np.random.default_rng(0)
    return dataset((rng.random((N, 6)) < [0.6, 0.4, 0.3, 0.2, 0.1, 0.04]).astype(int))


@pytest.fixture(scope="module")
def numbered() -> Dataset:
    return dataset(np.random.default_rng(0).normal(50, 10, N))


def test_every_part_has_each_labels_share(labelled: Dataset) -> None:
    splits = split(labelled, seed=0)
    shares = labelled.targets.mean(0)
    np.testing.assert_allclose(labelled.targets[splits.test].mean(0), shares, atol=0.05)
    for fold in splits.folds:
        np.testing.assert_allclose(labelled.targets[fold.val].mean(0), shares, atol=0.08)
        assert (labelled.targets[fold.train].sum(0) > 0).all()
    assert (labelled.targets[splits.test].sum(0) > 0).all()


def test_labels_are_spread_more_evenly_than_by_chance(labelled: Dataset) -> None:
    splits, shares = split(labelled, seed=0), labelled.targets.mean(0)
    rng = np.random.default_rng(0)
    chance = [
        np.abs(labelled.targets[rng.permutation(N)[: len(splits.test)]].mean(0) - shares).sum()
        for _ in range(200)
    ]
    assert np.abs(labelled.targets[splits.test].mean(0) - shares).sum() < np.quantile(chance, 0.05)


def test_a_label_of_a_single_image_does_not_break_the_split() -> None:
    targets = np.zeros((40, 3), dtype=int)
    targets[::2, 0], targets[7, 1] = 1, 1  # the third label has no image
    splits = split(dataset(targets), seed=0)
    assert len(splits.test) > 0
    assert all(len(fold.val) for fold in splits.folds)


def test_five_hundred_labels_are_split() -> None:
    rng = np.random.default_rng(0)
    found = dataset((rng.random((400, 500)) < 0.02).astype(int))
    splits = split(found, seed=0)
    assert len(splits.test) == pytest.approx(80, abs=30)
    assert len(count_strata(found, splits.train)) <= 501


def test_every_part_has_numbers_of_every_size(numbered: Dataset) -> None:
    splits, numbers = split(numbered, seed=0), numbered.targets[:, 0]
    edges = np.quantile(numbers, [0.2, 0.4, 0.6, 0.8])
    for rows in (splits.test, *(fold.val for fold in splits.folds)):
        counts = np.bincount(np.searchsorted(edges, numbers[rows]), minlength=5)
        assert counts.max() - counts.min() <= 2


@pytest.mark.parametrize("name", ["labelled", "numbered"])
def test_fewer_rows_keep_the_strata(name: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(name)
    splits = split(found, seed=0)
    fewer = subsample_train(found, splits, len(splits.train) // 2, seed=0)
    assert len(fewer.train) == pytest.approx(len(splits.train) / 2, abs=12)
    assert sum(count_strata(found, fewer.train).values()) == len(fewer.train)


def test_scales_come_from_the_training_rows_alone(numbered: Dataset) -> None:
    rows = split(numbered, seed=0).train
    spec = with_number_scales(numbered, rows).target
    assert spec.means == pytest.approx((numbered.targets[rows].mean(),), rel=1e-5)
    assert spec.scales == pytest.approx((numbered.targets[rows].std(),), rel=1e-5)
    same = np.flatnonzero(numbered.targets[:, 0] == numbered.targets[0, 0])
    with pytest.raises(DataError, match="the same number for all 1 training images"):
        with_number_scales(numbered, same)


def test_classes_and_labels_have_no_scales(labelled: Dataset) -> None:
    assert with_number_scales(labelled, np.arange(N)) is labelled


@pytest.mark.parametrize("name", ["labelled", "numbered"])
def test_hidden_rows_have_no_targets(name: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(name)
    hidden = hide_rows(found, np.arange(10), [])
    assert np.isnan(hidden.targets[:10]).all()
    np.testing.assert_array_equal(hidden.targets[10:], found.targets[10:])
    assert not np.isnan(found.targets).any()


def test_the_summary_names_labels_and_ranges(labelled: Dataset, numbered: Dataset) -> None:
    mean = labelled.targets.sum(1).mean()
    said = summarise_data(labelled, split(labelled, seed=0))[0]
    assert said.startswith(f"6 labels, {mean:.1f} for each image on average: 0 ")
    low, high = numbered.targets.min(), numbered.targets.max()
    said = summarise_data(numbered, split(numbered, seed=0))[0]
    assert said == f"1 number to predict: labels from {low:g} to {high:g}."


def test_faults_are_those_of_labels(labelled: Dataset, numbered: Dataset) -> None:
    splits = split(labelled, seed=0)
    found = quality(labelled, splits)
    counts = labelled.targets[splits.train].sum(0)
    expected = {str(k): int(n) for k, n in enumerate(counts)}
    assert {name: found.imbalance.counts[name] for name in expected} == expected
    assert not found.missing
    found = quality(numbered, split(numbered, seed=0))
    assert not found.imbalance.counts
    assert not found.missing


def test_parts_show_only_counts(labelled: Dataset) -> None:
    splits = split(labelled, seed=0)
    parts = labels_by_part(labelled, splits)
    np.testing.assert_array_equal(parts["test part"].sum(0), labelled.targets[splits.test].sum(0))
    assert (np.diff(parts["test part"], axis=0) >= 0).all()


def test_copies_with_other_targets_conflict() -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8)
    images[1] = images[0]
    numbers = np.linspace(0.5, 10, 20)
    found = read((images, numbers), readers=READERS)
    assert quality(found, split(found, seed=0)).duplicates.conflicting == 1


def test_images_with_a_label_of_their_own_can_be_tested() -> None:
    """Else a data set of many rare labels would have no test part."""
    targets = np.concatenate([np.eye(60, dtype=int), np.arange(60)[:, None] % 2], axis=1)
    splits = split(dataset(targets), seed=0)
    assert len(splits.test) == pytest.approx(12, abs=3)
