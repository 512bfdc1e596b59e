"""Classes and parts are summarised in two sentences."""

from __future__ import annotations

from typing import Any

from autotl.data import split, summarise_data

Make = Any


def test_classes_are_listed_with_their_counts_and_parts(make: Make) -> None:
    dataset = make(["a"] * 20 + ["b"] * 30)
    assert summarise_data(dataset, split(dataset, seed=0)) == (
        "2 classes: b 30, a 20.",
        "Parts: 40 images to train on and validate on in 5 folds, 10 to test on.",
    )


def test_parts_of_the_users_own_are_named_so(make: Make) -> None:
    parts = (["train"] * 8 + ["val"] * 3 + ["test"] * 4) * 2
    dataset = make(["a"] * 15 + ["b"] * 15, parts=parts)
    assert summarise_data(dataset, split(dataset, seed=0))[1] == (
        "Parts: 16 images to train on, 6 to validate on (the data's own validation part), "
        "8 to test on (the data's own test part)."
    )


def test_many_classes_are_listed_in_short(make: Make) -> None:
    labels = [f"c{number:02}" for number in range(20) for _ in range(4 if number else 3)]
    dataset = make(labels)
    assert summarise_data(dataset, split(dataset, seed=0))[0] == (
        "20 classes: c01 4, c02 4, c03 4, c04 4, c05 4 and 15 more; the smallest is c00 3."
    )
