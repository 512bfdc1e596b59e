"""Tell the time, and say how much of it may be spent."""

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

_SINCE: ContextVar[float | None] = ContextVar("since", default=None)
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search may spend: wall-clock seconds, a number of trials, or both (the first to run out ends
    it).
    """

    seconds: float | None = None
    trials: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is None and self.trials is None:
            raise BudgetError("The budget is empty. Give seconds, such as '2m', or a number of trials.")
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise BudgetError(f"The budget is {self.seconds} seconds, but it must be more than 0 and finite.")
        if self.trials is not None and self.trials < 1:
            raise BudgetError(f"The budget is {self.trials} trials, but it must be at least 1.")


def seconds(text: str | float) -> float:
    """Read a duration: ``"90s"``, ``"10m"``, ``"1.5h"``, ``"1h30m"``, or a plain number of seconds."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    compact = str(text).replace(" ", "").lower()
    if re.fullmatch(r"\d+(\.\d+)?", compact):
        return float(compact)
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", compact)
    if not parts or "".join(a + b for a, b in parts) != compact:
        raise BudgetError(f"Cannot read {text!r} as a duration. Write it like '90s', '10m' or '2h'.")
    return sum(float(amount) * UNITS[unit] for amount, unit in parts)


def in_seconds(text: str) -> float | None:
    """A short time with its unit, ``"5ms"`` or ``"0.2s"``, in seconds; None where it is none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", text.replace(" ", "").lower())
    return float(match[1]) * {"ms": 1e-3, "s": 1.0}[match[2]] if match else None


def spell(amount: float) -> str:
    """A duration as people write it: ``"8 s"``, ``"2 min 5 s"``, ``"1 h 3 min"``."""
    if amount < 10:
        return f"{amount:.1f} s"
    whole = round(amount)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min" + (f" {whole % 60} s" if whole % 60 else "")
    return f"{whole // 3600} h" + (f" {whole % 3600 // 60} min" if whole % 3600 // 60 else "")


class Clock(Protocol):
    """Something that tells seconds passing; only differences mean anything."""

    def now(self) -> float: ...


class WallClock:
    """Real time, unmoved by changes of the system's date."""

    def now(self) -> float:
        return time.monotonic()


class OutOfTime(Exception):
    """The time for a step is up."""

    def __init__(self) -> None:
        super().__init__("the time for this step is up")


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment ``at``, on a clock, by which a step has to end; infinite if time does not matter.

    >>> fits = Deadline(WallClock(), at=WallClock().now() + 60).share(0.25)  # a quarter of the minute
    """

    clock: Clock
    at: float = math.inf

    def left(self) -> float:
        """Seconds until the deadline, never negative."""
        return max(0.0, self.at - self.clock.now())

    def passed(self) -> bool:
        """Whether the time is up."""
        return self.clock.now() >= self.at

    def check(self) -> None:
        """Raise OutOfTime if the time is up."""
        if self.passed():
            raise OutOfTime

    def share(self, part: float) -> Deadline:
        """A deadline after this part of the time that is left now."""
        return self if math.isinf(self.at) else Deadline(self.clock, self.clock.now() + part * self.left())

    def within(self, seconds: float) -> Deadline:
        """The deadline, or so many seconds from now if that is earlier."""
        return Deadline(self.clock, min(self.at, self.clock.now() + seconds))


NEVER = Deadline(WallClock())
"""For steps that may take as long as they need."""


@contextmanager
def waiting_since(moment: float) -> Iterator[None]:
    """A budget that begins here counts from ``moment`` on the wall clock: imports are waited for as well."""
    token = _SINCE.set(moment)
    try:
        yield
    finally:
        _SINCE.reset(token)


def waited() -> float:
    """The seconds that whoever began this has waited already."""
    since = _SINCE.get()
    return 0.0 if since is None else max(0.0, WallClock().now() - since)


class FakeClock:
    """Time that stands still until told to move, for tests."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._now += seconds
