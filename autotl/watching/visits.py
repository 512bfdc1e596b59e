"""Know whether a page is open, and which parts it has."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import Condition
from typing import Literal

Part = Literal["last state", "report"]
ASKS_WITHIN = 2.0
"""The longest time between two questions of an open page, which asks a second after each answer."""


class Visits:
    """The questions of open pages, for the threads of a server."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._pending, self._answered = 0, -math.inf
        self._sent: set[Part] = set()

    @contextmanager
    def question(self) -> Iterator[None]:
        """Count a page as open until shortly after its answer."""
        with self._changed:
            self._pending += 1
        try:
            yield
        finally:
            with self._changed:
                self._pending -= 1
                self._answered = time.monotonic()
                self._changed.notify_all()

    def sent(self, part: Part) -> None:
        """Keep that a page has got a part of the end."""
        with self._changed:
            self._sent.add(part)
            self._changed.notify_all()

    def left(self) -> None:
        """Keep that a page was closed; another open page will ask again."""
        with self._changed:
            self._answered = -math.inf
            self._changed.notify_all()

    def await_sent(self, parts: Collection[Part], *, seconds: float) -> None:
        """Wait until a page has some parts, or none is open.

        Args:
            parts: The parts.
            seconds: The longest time to wait.
        """
        until = time.monotonic() + seconds
        with self._changed:
            while not self._sent.issuperset(parts):
                left = min(until, self._open_until()) - time.monotonic()
                if left <= 0:
                    return
                self._changed.wait(left)

    def _open_until(self) -> float:
        return math.inf if self._pending else self._answered + ASKS_WITHIN
