"""Faults of the data are counted."""

from __future__ import annotations

from collections.abc import Callable

from autotl import jsonio
from autotl.api import Dataset
from autotl.data import quality, split

Make = Callable[..., Dataset]


def test_imbalance_counts_training_images(make: Make) -> None:
    dataset = make(["a"] * 40 + ["b"] * 10)
    found = quality(dataset, split(dataset, seed=0))
    assert found.imbalance.counts == {"a": 32, "b": 8}
    assert found.imbalance.ratio == 4


def test_copies_and_their_contradictions_are_counted(make: Make) -> None:
    pictures = [*range(38), 0, 1]  # row 38 (a) copies row 0 (a), row 39 (b) copies row 1 (b) …
    pictures[2] = 3  # … and row 2 (a) shows the same as row 3 (b)
    dataset = make(["a", "b"] * 20, pictures=pictures)
    found = quality(dataset, split(dataset, seed=0))
    assert (found.duplicates.groups, found.duplicates.images, found.duplicates.conflicting) == (3, 6, 1)
    assert ("0", "38") in found.duplicates.examples
    assert found.leakage.images == 0


def test_leakage_in_a_given_split_is_found(make: Make) -> None:
    parts = ["train"] * 30 + ["test"] * 10
    dataset = make(["a", "b"] * 20, parts=parts, pictures=[*range(39), 1], groups=["g", *[None] * 38, "g"])
    found = quality(dataset, split(dataset, seed=0))
    assert (found.leakage.images, found.leakage.groups, found.leakage.examples) == (1, 1, ("39",))


def test_sizes_are_summed_up_and_all_of_it_is_plain_data(make: Make) -> None:
    dataset = make(["a", "b"] * 10)
    found = jsonio.plain(quality(dataset, split(dataset, seed=0)))
    assert found["sizes"]["height"] == {"min": 4, "median": 4.0, "max": 4}
    assert list(found) == ["imbalance", "duplicates", "leakage", "unreadable", "sizes", "missing"]
