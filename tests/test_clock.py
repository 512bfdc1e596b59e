"""Check durations, budgets, clocks and deadlines."""

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
def test_common_notations_of_durations_are_parsed(text: str | float, expected: float) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "soon", "10 minutes", "5x", "m", "-3s", "1h-3m"])
def test_an_invalid_duration_is_an_error(text: str) -> None:
    with pytest.raises(BudgetError, match="Cannot read"):
        parse_duration(text)


@pytest.mark.parametrize(
    "wrong", [{}, {"seconds": 0.0}, {"seconds": -1.0}, {"seconds": float("inf")}, {"trials": 0}]
)
def test_an_invalid_budget_is_an_error(wrong: dict[str, float]) -> None:
    with pytest.raises(BudgetError):
        Budget(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "text"),
    [(3.21, "3.2 s"), (59, "59 s"), (60, "1 min"), (125, "2 min 5 s"), (3780, "1 h 3 min")],
)
def test_durations_are_formatted(amount: float, text: str) -> None:
    assert format_duration(amount) == text


def test_the_fake_clock_moves_only_by_sleep() -> None:
    clock = FakeClock()
    assert clock.now() == clock.now() == 0
    clock.advance(2.5)
    assert clock.now() == 2.5


def test_earlier_waiting_time_counts_within_the_block_only() -> None:
    assert seconds_since_start() == 0
    with counting_from(WallClock().now() - 7):
        assert seconds_since_start() >= 7
    assert seconds_since_start() == 0


def test_a_start_in_the_future_counts_as_now() -> None:
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


def test_a_fraction_of_a_deadline_refers_to_the_remaining_time() -> None:
    clock = FakeClock()
    end = Deadline(clock, at=10.0)
    clock.advance(2.0)
    assert end.share(0.25).at == 4.0
    assert end.within(3.0).at == 5.0
    assert end.within(30.0).at == 10.0


def test_a_fraction_of_no_deadline_never_expires() -> None:
    clock = FakeClock()
    clock.advance(1e9)
    assert not Deadline(clock).share(0.01).passed()
    assert Deadline(clock).within(5.0).at == 1e9 + 5
