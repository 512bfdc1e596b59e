"""Check properties of all splits, for any classes, groups, copies and parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from autotl.api import Applies, Columns, Dataset, Item, Listing, Part, Splits
from autotl.data import read, split, subsample_train
from autotl.errors import DataError


@dataclass(frozen=True)
class Row:
    """An image of one shade, with the labels of a reader."""

    shade: int
    label: str
    group: str | None
    part: Part | None


@dataclass
class Rows:
    """A reader of synthetic rows."""

    rows: Sequence[Row]
    name: str = "rows"
    summary: str = "synthetic rows"

    def reads(self, source: object) -> Applies:
        return Applies(True, "synthetic")

    def read(self, source: object, columns: Columns) -> Listing:
        return Listing(
            [
                Item(f"image {number}", row.label, lambda row=row: shaded(row.shade), row.group, row.part)
                for number, row in enumerate(self.rows)
            ]
        )


def shaded(shade: int) -> Image.Image:
    pixels = np.random.default_rng(shade).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


rows = st.lists(
    st.builds(
        Row,
        shade=st.integers(0, 60),
        label=st.sampled_from(["a", "b", "c"]),
        group=st.none() | st.sampled_from([f"group {n}" for n in range(8)]),
        part=st.none() | st.sampled_from(["train", "val", "test"]),
    ),
    min_size=2,
    max_size=40,
)
plain = st.lists(
    st.builds(
        Row,
        shade=st.integers(0, 10_000),
        label=st.sampled_from(["a", "b", "c"]),
        group=st.none() | st.sampled_from([f"group {n}" for n in range(12)]),
        part=st.none(),
    ),
    min_size=20,
    max_size=60,
)


def split_of(drawn: Sequence[Row], seed: int) -> tuple[Dataset, Splits] | None:
    try:
        dataset = read(None, readers={"rows": Rows(drawn)})
        return dataset, split(dataset, seed=seed)
    except DataError:
        return None


@given(rows, st.integers(0, 5))
def test_parts_are_disjoint_and_folds_have_every_possible_class(drawn: list[Row], seed: int) -> None:
    found = split_of(drawn, seed)
    if found is None:
        return
    dataset, splits = found
    assert not np.intersect1d(splits.train, splits.test).size
    labels = dataset.targets
    learnable = set(labels[splits.train].tolist())
    assert learnable == set(range(len(dataset.classes)))
    for fold in splits.folds:
        assert not np.intersect1d(fold.train, fold.val).size
        assert np.isin(fold.val, splits.train).all()
        assert np.isin(fold.train, splits.train).all()
        assert len(fold.val)


@given(rows, st.integers(0, 5))
def test_the_test_set_of_the_user_is_kept(drawn: list[Row], seed: int) -> None:
    found = split_of(drawn, seed)
    if found is None:
        return
    dataset, splits = found
    given_test = np.flatnonzero(dataset.table["part"] == "test")
    if len(given_test):
        assert np.array_equal(splits.test, given_test)


@given(plain, st.integers(0, 5))
def test_groups_and_copies_are_not_divided(drawn: list[Row], seed: int) -> None:
    found = split_of(drawn, seed)
    if found is None:
        return
    dataset, splits = found
    for column in ("group", "digest"):
        names = dataset.table[column]
        parts = [(splits.train, splits.test), *((fold.train, fold.val) for fold in splits.folds)]
        for one, other in parts:
            first, second = (set(names.iloc[each].dropna()) for each in (one, other))
            assert not first & second, column


@given(plain, st.integers(0, 5), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(drawn: list[Row], seed: int, rng: object) -> None:
    unique = list({row.shade: row for row in drawn}.values())
    found = split_of(unique, seed)
    shuffled = list(unique)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    again = split_of(shuffled, seed)
    assert (found is None) == (again is None)
    if found is not None and again is not None:
        assert found[1].hash == again[1].hash


@given(plain, st.integers(0, 5), st.integers(4, 40))
def test_subsampling_keeps_every_class_and_adds_no_row(drawn: list[Row], seed: int, limit: int) -> None:
    found = split_of(drawn, seed)
    if found is None:
        return
    dataset, splits = found
    smaller = subsample_train(dataset, splits, limit, seed=seed)
    assert np.isin(smaller.train, splits.train).all()
    assert np.array_equal(smaller.test, splits.test)
    labels = dataset.targets
    assert set(labels[smaller.train].tolist()) == set(labels[splits.train].tolist())
