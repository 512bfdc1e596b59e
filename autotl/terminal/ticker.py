"""Call something at even intervals in a thread of its own, until it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread


class Ticking:
    """Calls ``tick`` every ``seconds`` until :meth:`stop`."""

    def __init__(self, tick: Callable[[], None], *, seconds: float) -> None:
        self._over = Event()
        self._thread = Thread(target=self._run, args=(tick, seconds), name="autotl-ticking", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop; ``tick`` is not called after this returns."""
        self._over.set()
        self._thread.join()

    def _run(self, tick: Callable[[], None], seconds: float) -> None:
        while not self._over.wait(seconds):
            tick()
