"""Read time, parse durations, and track budgets and deadlines."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from autotl.errors import BudgetError

_PROCESS_START: ContextVar[float | None] = ContextVar("process_start", default=None)
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds per unit of a duration."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a search: wall-clock time, number of trials, or both.

    If both are given, the search ends when the first of them is used up.

    Attributes:
        seconds: Wall-clock seconds, above 0; None for no limit.
        trials: Number of trials, at least 1; None for no limit.

    Raises:
        BudgetError: If both are None, or one is out of range.
    """

    seconds: float | None = None
    trials: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is None and self.trials is None:
            raise BudgetError("The budget is empty. Give seconds, such as '2m', or a number of trials.")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise BudgetError(
                f"The budget must be a finite number of seconds above 0 (got {self.seconds}). "
                "Give a duration such as '2m'."
            )
        if self.trials is not None and self.trials < 1:
            raise BudgetError(
                f"The number of trials must be at least 1 (got {self.trials}). Give a larger number."
            )


def parse_duration(text: str | float) -> float:
    """Return a duration in seconds.

    Args:
        text: ``"90s"``, ``"10m"``, ``"1.5h"``, ``"1h30m"``, or a plain number of seconds.

    Raises:
        BudgetError: If the text is not a duration.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    compact = str(text).replace(" ", "").lower()
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        return float(compact)
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", compact)
    if not parts or "".join(a + b for a, b in parts) != compact:
        raise BudgetError(f"Cannot read {text!r} as a duration. Write it like '90s', '10m' or '2h'.")
    return sum(float(amount) * UNITS[unit] for amount, unit in parts)


def parse_latency(text: str) -> float | None:
    """Return a latency in seconds, or None if it is invalid.

    Args:
        text: A number with its unit, such as ``"5ms"`` or ``"0.2s"``.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text.replace(" ", "").lower())
    return float(match[1]) * {"ms": 1e-3, "s": 1.0}[match[2]] if match else None


def format_duration(seconds: float) -> str:
    """Format seconds for people: ``"8.0 s"``, ``"2 min 5 s"``, ``"1 h 3 min"``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


class Clock(Protocol):
    """A source of time in seconds; only differences are meaningful."""

    def now(self) -> float: ...


class WallClock:
    """Real time from a monotonic clock."""

    def now(self) -> float:
        return time.monotonic()


class OutOfTime(Exception):
    """Raised when the deadline of a step has passed."""

    def __init__(self) -> None:
        super().__init__("the time for this step is up")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The time by which a step must end.

    >>> a_quarter = Deadline(WallClock(), at=WallClock().now() + 60).share(0.25)

    Attributes:
        clock: The clock that the deadline is measured on.
        at: The time on that clock, in seconds; infinite for no deadline.
    """

    clock: Clock
    at: float = math.inf

    def left(self) -> float:
        """Return the seconds until the deadline, at least 0."""
        return max(0.0, self.at - self.clock.now())

    def passed(self) -> bool:
        """Whether the deadline has passed."""
        return self.clock.now() >= self.at

    def check(self) -> None:
        """Raise OutOfTime if the deadline has passed."""
        if self.passed():
            raise OutOfTime

    def share(self, part: float) -> Deadline:
        """Return a deadline after a fraction of the remaining time.

        Args:
            part: The fraction, in [0, 1].
        """
        return self if math.isinf(self.at) else Deadline(self.clock, self.clock.now() + part * self.left())

    def within(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and ``seconds`` from now."""
        return Deadline(self.clock, min(self.at, self.clock.now() + seconds))


NEVER = Deadline(WallClock())
"""The deadline of a step without a time limit."""


@contextmanager
def counting_from(start: float) -> Iterator[None]:
    """Count budgets that begin in this block from an earlier time.

    The command line passes the start of the process, so that a budget includes the imports.

    Args:
        start: The time on :class:`WallClock`, in seconds.
    """
    token = _PROCESS_START.set(start)
    try:
        yield
    finally:
        _PROCESS_START.reset(token)


def seconds_since_start() -> float:
    """Return the seconds since :func:`counting_from`'s start; 0 outside its block."""
    start = _PROCESS_START.get()
    return 0.0 if start is None else max(0.0, WallClock().now() - start)


class FakeClock:
    """A clock for tests, which moves only by :meth:`advance`."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward by ``seconds``."""
        self._now += seconds
