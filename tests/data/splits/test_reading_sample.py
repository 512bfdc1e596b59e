"""A sample of the images is read if time is short."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from autotl import plugins
from autotl.api import Applies, Item, Listing
from autotl.clock import FakeClock
from autotl.data import read
from autotl.data.splits.reading_sample import (
    MIN_IMAGES_READ,
    PACE_SAMPLE_SIZE,
    pace_sample,
    stratified_sample,
)


def items(n: int) -> list[Item]:
    """Every tenth is rare, and every fifth is in the test part."""
    return [
        Item(
            f"{i:05d}.png",
            "rare" if i % 10 == 0 else "common",
            lambda: Image.new("RGB", (2, 2)),
            part="test" if i % 5 == 1 else "train",
        )
        for i in range(n)
    ]


def test_each_class_of_each_part_keeps_its_share() -> None:
    whole = items(5000)
    some = [whole[i] for i in stratified_sample(whole, 500, seed=0)]
    before, after = (Counter((each.part, each.target) for each in found) for found in (whole, some))
    assert {key: count / 10 for key, count in before.items()} == pytest.approx(after)


def test_a_class_keeps_two_and_enough_is_left_as_it_is() -> None:
    lonely = [
        *items(1000),
        *(Item(f"x{i}.png", "lonely", lambda: Image.new("RGB", (2, 2))) for i in range(3)),
    ]
    assert sum(lonely[i].target == "lonely" for i in stratified_sample(lonely, 20, seed=0)) == 2
    assert stratified_sample(lonely, 1003, seed=0) == range(1003)


def test_the_sample_depends_on_names_and_seed_and_not_on_the_order() -> None:
    whole = items(1000)
    back = whole[::-1]
    names = {whole[i].name for i in stratified_sample(whole, 100, seed=0)}
    assert names == {back[i].name for i in stratified_sample(back, 100, seed=0)}
    assert names != {whole[i].name for i in stratified_sample(whole, 100, seed=1)}


@pytest.mark.parametrize("n", [1, PACE_SAMPLE_SIZE - 1, PACE_SAMPLE_SIZE + 1, 1001, 60_000])
def test_the_pace_is_measured_by_a_few_that_lie_evenly(n: int) -> None:
    some = pace_sample(n)
    assert min(n, PACE_SAMPLE_SIZE // 2) <= len(some) <= PACE_SAMPLE_SIZE
    assert some[0] == 0
    assert some[-1] >= n - 1 - some.step


class Slow:
    """A reader whose images each take a second to open."""

    name, summary = "slow", "slow images"

    def __init__(self, clock: FakeClock, n: int) -> None:
        self.clock, self.n = clock, n
        self.opened: list[int] = []

    def reads(self, source: object) -> Applies:
        return Applies(True, "made up")

    def read(self, source: object, columns: object) -> Listing:
        return Listing([Item(f"{i:05d}", "ab"[i % 2], lambda i=i: self.image(i)) for i in range(self.n)])

    def image(self, i: int) -> Image.Image:
        self.clock.advance(1.0)
        self.opened.append(i)
        return Image.fromarray(np.full((2, 2, 3), [i // 256, i % 256, 7], dtype=np.uint8))


def test_no_more_is_read_than_there_is_time_for() -> None:
    reader = Slow(clock := FakeClock(), 4000)
    found = read(None, readers={"slow": reader}, seconds=2000.0, clock=clock, threads=1)
    assert len(found) == pytest.approx(2000, abs=4)
    assert found.left_out == 4000 - len(found)
    assert len(set(reader.opened)) == len(reader.opened)  # images of the pace sample are not read again
    again = read(None, readers={"slow": Slow(FakeClock(), 4000)}, most=len(found), threads=1)
    assert again.digest == found.digest


def test_some_are_read_at_any_pace_and_all_without_a_time_limit() -> None:
    hurried = Slow(clock := FakeClock(), 2 * MIN_IMAGES_READ)
    assert len(read(None, readers={"slow": hurried}, seconds=1.0, clock=clock, threads=1)) == MIN_IMAGES_READ
    calm = Slow(clock, 2 * MIN_IMAGES_READ)
    found = read(None, readers={"slow": calm}, clock=clock)
    assert (len(found), found.left_out) == (2 * MIN_IMAGES_READ, 0)
    assert len(calm.opened) == 2 * MIN_IMAGES_READ


def test_arrays_of_few_images_are_read_whole_in_any_budget() -> None:
    images = np.random.default_rng(0).integers(0, 255, (40, 4, 4, 3), dtype=np.uint8)
    source = images, ["a", "b"] * 20
    assert len(read(source, readers=plugins.load().readers.items, seconds=1e-9)) == 40


class Slowing(Slow):
    """A reader that takes ten times as long once the pace has been measured."""

    def image(self, i: int) -> Image.Image:
        if len(self.opened) > PACE_SAMPLE_SIZE:
            self.clock.advance(9.0)
        return super().image(i)


def test_reading_ends_early_when_the_machine_gets_slower() -> None:
    reader = Slowing(clock := FakeClock(), 12_000)
    found = read(None, readers={"slow": reader}, seconds=8000.0, clock=clock, threads=1)
    assert len(found) == pytest.approx(2000, abs=4)  # a quarter of what there seemed to be time for
    assert len(set(reader.opened)) == len(reader.opened)
    again = read(None, readers={"slow": Slow(FakeClock(), 12_000)}, most=len(found), threads=1)
    assert again.digest == found.digest
