"""Record what the seconds of a run are spent on."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

T = TypeVar("T")
OTHER = "other"
"""The activity of seconds that nothing claims."""
FEEDING = ("decode", "forward", "heads", "train", "validate")
"""The activities that make or measure a model: passes over images, and fits of weights."""
IMPORT = "import"
PHASES = (IMPORT, "prepare", "search", "finish", "test", "report")
"""The phases of a run, in their order."""


@dataclass(frozen=True, slots=True)
class TimePart:
    """The seconds of one activity in one phase of a run."""

    phase: str
    activity: str
    seconds: float


def in_words(parts: Iterable[TimePart]) -> str:
    """Return the seconds of each phase and its activities as a sentence."""
    phases = []
    for phase, group in groupby(parts, key=lambda part: part.phase):
        members = [*group]
        long = [
            f"{part.activity.replace('_', ' ')} {part.seconds:.1f}" for part in members if part.seconds >= 0.1
        ]
        total = sum(part.seconds for part in members)
        phases.append(
            f"{phase} {total:.1f} s" + (f" ({', '.join(long)})" if len(members) > 1 and long else "")
        )
    return f"Use of the time: {'; '.join(phases)}."


class Timeline:
    """The seconds of a run, by phase and activity.

    Each second belongs to one activity: the innermost that is under way in the thread that made the timeline.
    Other threads and processes record nothing.
    """

    def __init__(self, now: Callable[[], float], *, start: float | None = None) -> None:
        """Begin with the preparation.

        Args:
            now: Returns seconds.
            start: When the run began. Seconds since then count as imports. None is now.
        """
        self._now, self._since = now, now()
        self._phase, self._activities = PHASES[1], [OTHER]
        before = 0.0 if start is None else self._since - start
        self._seconds: dict[tuple[str, str], float] = {(IMPORT, IMPORT): before}

    def parts(self) -> list[TimePart]:
        """Return the seconds so far.

        Phases are in their order, and the longest activity of each comes first.
        """
        self._close()
        found = [TimePart(*key, seconds) for key, seconds in self._seconds.items() if seconds > 0]
        return sorted(found, key=lambda part: (PHASES.index(part.phase), -part.seconds))

    def begin(self, phase: str) -> None:
        """Begin a phase of PHASES."""
        self._close()
        self._phase = phase

    def enter(self, activity: str) -> None:
        """Begin an activity inside the present one."""
        self._close()
        self._activities.append(activity)

    def leave(self) -> None:
        """End the innermost activity."""
        self._close()
        self._activities.pop()

    def _close(self) -> None:
        """Add the seconds since the last change to the present activity."""
        key, now = (self._phase, self._activities[-1]), self._now()
        self._seconds[key] = self._seconds.get(key, 0.0) + now - self._since
        self._since = now


_TIMELINE: ContextVar[Timeline | None] = ContextVar("timeline", default=None)


@contextmanager
def recorded_in(timeline: Timeline) -> Iterator[Timeline]:
    """Record the activities of this block in a timeline."""
    token = _TIMELINE.set(timeline)
    try:
        yield timeline
    finally:
        _TIMELINE.reset(token)


def current_timeline() -> Timeline | None:
    """Return the timeline that this thread records in; None outside a run."""
    return _TIMELINE.get()


def begin_phase(phase: str) -> None:
    """Begin a phase of the run; outside a run, do nothing."""
    if (timeline := _TIMELINE.get()) is not None:
        timeline.begin(phase)


@contextmanager
def spent_on(activity: str) -> Iterator[None]:
    """Count the seconds of a block as those of an activity.

    As a decorator it counts each call of a function. Do not yield from inside the block: the caller's seconds
    would be counted too. For a generator, use :func:`each_spent_on`.
    """
    if (timeline := _TIMELINE.get()) is None:
        yield
        return
    timeline.enter(activity)
    try:
        yield
    finally:
        timeline.leave()


def each_spent_on(activity: str, items: Iterable[T]) -> Generator[T, None, None]:
    """Yield items, and count the seconds of producing them."""
    iterator = iter(items)
    while True:
        with spent_on(activity):
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item
