"""Check that each second of a run belongs to one activity."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest

from autotl.clock import FakeClock
from autotl.progress.timeline import (
    Timeline,
    TimePart,
    begin_phase,
    current_timeline,
    each_spent_on,
    in_words,
    recorded_in,
    spent_on,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(start=100.0)


def seconds_of(timeline: Timeline) -> dict[tuple[str, str], float]:
    return {(part.phase, part.activity): part.seconds for part in timeline.parts()}


def test_the_innermost_activity_gets_the_seconds(clock: FakeClock) -> None:
    with recorded_in(Timeline(clock.now)) as timeline:
        clock.advance(1)
        with spent_on("train"):
            clock.advance(2)
            with spent_on("validate"):
                clock.advance(4)
            clock.advance(8)
        clock.advance(16)
    assert seconds_of(timeline) == {
        ("prepare", "other"): 17,
        ("prepare", "train"): 10,
        ("prepare", "validate"): 4,
    }


def test_seconds_before_the_timeline_are_imports(clock: FakeClock) -> None:
    timeline = Timeline(clock.now, start=97.0)
    assert timeline.parts() == [TimePart("import", "import", 3.0)]


def test_phases_are_listed_in_their_order_with_the_longest_activity_first(clock: FakeClock) -> None:
    with recorded_in(Timeline(clock.now)) as timeline:
        begin_phase("search")
        clock.advance(1)
        with spent_on("train"):
            clock.advance(2)
        begin_phase("test")
        clock.advance(5)
    assert timeline.parts() == [
        TimePart("search", "train", 2.0),
        TimePart("search", "other", 1.0),
        TimePart("test", "other", 5.0),
    ]


@spent_on("train")
def divide_after_a_second(clock: FakeClock) -> float:
    clock.advance(1)
    return 1 / 0


def test_an_activity_ends_with_an_error(clock: FakeClock) -> None:
    with recorded_in(Timeline(clock.now)) as timeline:
        with pytest.raises(ZeroDivisionError):
            divide_after_a_second(clock)
        clock.advance(2)
    assert seconds_of(timeline) == {("prepare", "train"): 1, ("prepare", "other"): 2}


def test_a_decorated_function_is_counted_at_each_call(clock: FakeClock) -> None:
    @spent_on("heads")
    def fit(seconds: float) -> float:
        clock.advance(seconds)
        return seconds

    assert fit(50) == 50  # outside a run nothing is recorded
    with recorded_in(Timeline(clock.now)) as timeline:
        fit(1)
        fit(2)
    assert seconds_of(timeline) == {("prepare", "heads"): 3}


def test_only_the_production_of_items_is_counted(clock: FakeClock) -> None:
    def produced() -> Iterator[int]:
        for number in range(3):
            clock.advance(1)
            yield number

    with recorded_in(Timeline(clock.now)) as timeline:
        for _ in each_spent_on("decode", produced()):
            clock.advance(10)
    assert seconds_of(timeline) == {("prepare", "decode"): 3, ("prepare", "other"): 30}


def test_other_threads_record_nothing(clock: FakeClock) -> None:
    found: list[Timeline | None] = []

    def work() -> None:
        with spent_on("train"):
            found.append(current_timeline())

    with recorded_in(Timeline(clock.now)) as timeline:
        thread = Thread(target=work)
        thread.start()
        thread.join()
        clock.advance(1)
    assert found == [None]
    assert seconds_of(timeline) == {("prepare", "other"): 1}


def test_the_sentence_names_phases_and_their_activities() -> None:
    parts = [
        TimePart("import", "import", 3.2),
        TimePart("search", "train", 20.0),
        TimePart("search", "load_networks", 1.5),
        TimePart("search", "write", 0.01),
    ]
    assert in_words(parts) == (
        "Use of the time: import 3.2 s; search 21.5 s (train 20.0, load networks 1.5)."
    )
