"""Labelled images of the place of use are halved by class, and only if there are enough."""

from __future__ import annotations

import numpy as np

from autotl.data.additional.known_classes import UNKNOWN
from autotl.preparation.additional.place_of_use import MIN_OF_CLASS, MIN_SLICE, PlaceOfUse
from autotl.workbench.additional.sets import AdditionalSet


def place(labels: list[int]) -> PlaceOfUse:
    rows = np.array(labels, dtype=np.int64)
    images: AdditionalSet = AdditionalSet.__new__(AdditionalSet)  # the halves need labels alone
    return PlaceOfUse(images, rows)


def test_both_halves_have_the_same_classes() -> None:
    found = place([0] * 40 + [1] * 20 + [UNKNOWN] * 30 + [2] * 8).halves(seed=0)
    assert not np.intersect1d(found.slice, found.truth).size
    assert len(found.slice) + len(found.truth) == 68
    labels = np.array([0] * 40 + [1] * 20 + [UNKNOWN] * 30 + [2] * 8)
    for half in (found.slice, found.truth):
        assert np.unique(labels[half], return_counts=True)[1].tolist() == [20, 10, 4]
        assert (np.diff(half) > 0).all()


def test_the_halves_depend_on_the_seed_alone() -> None:
    labels = [0, 1, 2] * 30
    first, again, other = (place(labels).halves(seed=seed) for seed in (0, 0, 1))
    assert first.slice.tolist() == again.slice.tolist()
    assert first.slice.tolist() != other.slice.tolist()


def test_too_few_labels_are_for_the_report_alone() -> None:
    few = place([0, UNKNOWN, 1] * (MIN_SLICE - 1) + [1]).halves(seed=0)
    assert (len(few.slice), len(few.truth)) == (0, 2 * MIN_SLICE - 1)
    none = place([UNKNOWN] * 90).halves(seed=0)
    assert (len(none.slice), len(none.truth)) == (0, 0)


def test_labels_of_a_single_class_are_for_the_report_alone() -> None:
    alone = place([1] * 90 + [0] * (MIN_OF_CLASS - 1)).halves(seed=0)
    assert (len(alone.slice), len(alone.truth)) == (0, 90 + MIN_OF_CLASS - 1)
    assert len(place([1] * 90 + [0] * MIN_OF_CLASS).halves(seed=0).slice) == 48
