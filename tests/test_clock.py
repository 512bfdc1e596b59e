"""Durations and budgets."""

from __future__ import annotations

import pytest

from autotl.clock import (
    Budget,
    Deadline,
    FakeClock,
    OutOfTime,
    WallClock,
    counting_from,
    format_duration,
    parse_duration,
    seconds_since_start,
)
from autotl.errors import BudgetError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1.5h", 5400),
        ("1h30m", 5400),
        ("45", 45),
        (12, 12),
        ("1 m", 60),
    ],
)
def test_durations_are_read_as_people_write_them(text: str | float, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "10 minutes", "5x", "m", "-3s", "1h-3m"])
def test_what_is_no_duration_is_said_to_be_none(text: str) -> None:
    with pytest.raises(BudgetError, match="Cannot read"):
        parse_duration(text)


@pytest.mark.parametrize(
    "wrong", [{}, {"seconds": 0.0}, {"seconds": -1.0}, {"seconds": float("inf")}, {"trials": 0}]
)
def test_a_budget_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BudgetError):
        Budget(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(3.21, "3.2 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3780, "1 h 3 min")],
)
def test_durations_are_spelt_short(amount: float, text: str) -> None:
    assert format_duration(amount) == text


def test_the_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == 0
    clock.advance(2.5)
    assert clock.now() == 2.5


def test_what_was_waited_before_counts_and_is_forgotten_after() -> None:
    assert seconds_since_start() == 0
    with counting_from(WallClock().now() - 7):
        assert seconds_since_start() >= 7
    assert seconds_since_start() == 0


def test_a_moment_still_to_come_gives_no_time_away() -> None:
    with counting_from(WallClock().now() + 60):
        assert seconds_since_start() == 0


def test_a_deadline_passes_when_its_clock_reaches_it() -> None:
    clock = FakeClock()
    end = Deadline(clock, at=10.0)
    end.check()
    assert (end.left(), end.passed()) == (10.0, False)
    clock.advance(12.0)
    assert (end.left(), end.passed()) == (0.0, True)
    with pytest.raises(OutOfTime):
        end.check()


def test_a_share_of_a_deadline_is_of_what_is_left_now() -> None:
    clock = FakeClock()
    end = Deadline(clock, at=10.0)
    clock.advance(2.0)
    assert end.share(0.25).at == 4.0
    assert end.within(3.0).at == 5.0
    assert end.within(30.0).at == 10.0


def test_without_a_deadline_no_share_of_it_passes() -> None:
    clock = FakeClock()
    clock.advance(1e9)
    assert not Deadline(clock).share(0.01).passed()
    assert Deadline(clock).within(5.0).at == 1e9 + 5
