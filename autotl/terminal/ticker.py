"""Call a function at even intervals in a background thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class Ticker:
    """Background thread that calls ``tick`` every ``seconds``."""

    def __init__(self, tick: Callable[[], None], *, seconds: float) -> None:
        self._over = Event()
        self._thread = Thread(target=self._run, args=(tick, seconds), name="autotl-ticking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for a running call."""
        self._over.set()
        self._thread.join()

    def _run(self, tick: Callable[[], None], seconds: float) -> None:
        while not self._over.wait(seconds):
            tick()
