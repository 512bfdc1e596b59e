"""Follow a run on a local page, besides another display."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from autotl.api import Arm, Plan, Record, Watch
from autotl.clock import Clock, WallClock
from autotl.watching.live_run import LiveRun
from autotl.watching.page import RunPage
from autotl.watching.server import PORT, PageServer

LAST_SECONDS = 4.0
"""The longest wait at the end of a run until an open page has got the last state and the report.

It ends earlier if no page asks any more.
"""


class BrowserWatch:
    """Watch that serves a page, and informs another watch of all events.

    The server starts with the first event and ends with the run. An error in it never reaches the run, but
    an error of the other watch does, and so does Ctrl-C.

    Args:
        shown: The other watch, such as a terminal.
        port: The first port to try.
        announce: Shows the address; by default ``shown.say``.
        clock: The clock of the run.
    """

    def __init__(
        self,
        shown: Watch,
        *,
        port: int = PORT,
        announce: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._shown, self._port = shown, port
        self._announce = announce or shown.say
        self._run = LiveRun(clock or WallClock())
        self._server: PageServer | None = None
        self._may_open = True

    def say(self, text: str) -> None:
        """Show a sentence."""
        self._begin()
        self._shown.say(text)
        with suppress(Exception):  # the page must never end a run; so in each method
            self._run.note(text)

    def placed(self, folder: Path, elapsed: float) -> None:
        """Keep the run folder.

        Args:
            folder: The run folder.
            elapsed: Seconds that earlier starts of the run have used.
        """
        if call := getattr(self._shown, "placed", None):
            call(folder, elapsed)
        with suppress(Exception):
            self._run.placed(folder, elapsed)

    def doing(self, step: str, done: int, total: int) -> None:
        """Show the current step.

        Args:
            step: Name of the step.
            done: Finished items.
            total: All items; 0 if unknown.
        """
        self._begin()
        if call := getattr(self._shown, "doing", None):
            call(step, done, total)
        with suppress(Exception):
            self._run.doing(step, done, total)

    def started(self, plan: Plan) -> None:
        """Show the plan of the search."""
        self._shown.started(plan)
        with suppress(Exception):
            self._run.started(plan)

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Show the running trial.

        Args:
            arm: Strategy and backbone of the trial.
            number: Number of the trial.
            fold: Index of the fold; negative for the training on all images.
            score: Validation score so far.
            progress: Finished fraction of the fold, in [0, 1].
        """
        self._shown.learning(arm, number=number, fold=fold, score=score, progress=progress)
        with suppress(Exception):
            self._run.learning(arm, number=number, fold=fold, progress=progress)

    def scored(self, record: Record, best: Record | None) -> None:
        """Show a finished trial."""
        with suppress(Exception):  # before the other watch, which may press Ctrl-C in tests
            self._run.scored(record, best)
        self._shown.scored(record, best)

    def finished(self, result: Any) -> None:
        """Show the result."""
        with suppress(Exception):
            self._run.finished(str(result.verdict.get("sentence") or ""))
        if call := getattr(self._shown, "finished", None):
            call(result)

    def close(self) -> None:
        """End the page. Call this also if the run fails."""
        self._may_open = False
        try:
            if call := getattr(self._shown, "close", None):
                call()
        finally:
            server, self._server = self._server, None
            with suppress(Exception):
                self._run.ended(sys.exception())
            if server is not None:
                with suppress(Exception, KeyboardInterrupt):  # Ctrl-C ends the wait; the run has ended before
                    server.stop(wait=LAST_SECONDS)

    def _begin(self) -> None:
        """Start the server once, and show its address."""
        if not self._may_open:
            return
        self._may_open = False
        try:
            server = PageServer(RunPage(self._run), port=self._port)
            server.start()
        except Exception as error:  # without a page, the run goes on
            self._announce(f"The page of the run cannot be served: {error}")
            return
        self._server = server
        taken = "" if server.port == self._port or not self._port else f" Port {self._port} is taken."
        self._announce(f"Follow the run in a browser: {server.url}{taken}")
