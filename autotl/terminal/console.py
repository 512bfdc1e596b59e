"""Tell a person at a terminal or in a log file what a run is doing."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from autotl import escaping
from autotl.api import Arm, Plan, Record
from autotl.clock import Clock
from autotl.terminal.progress_text import EXPLAINED, LEADS, Course, TrialLine
from autotl.terminal.ticker import Ticking

HEARTBEAT = 30.0
"""Seconds after which a log file is told that the run is alive, if nothing else was."""


class Terminal:
    """A :class:`~autotl.api.Watch` that prints a line per finished trial, and one live line where it can.

    Without a terminal (a pipe, a log file) whole lines are printed, with no control codes. If nothing was
    printed for ``heartbeat`` seconds, one says what is being done.
    """

    def __init__(self, *, clock: Clock, console: Console | None = None, heartbeat: float = HEARTBEAT) -> None:
        self._console, self._clock = console or escaping.console(stderr=True), clock
        self._course = Course(clock)
        self._heartbeat = heartbeat
        self._live: Live | None = None
        self._ticking: Ticking | None = None
        self._lock = threading.Lock()  # the heartbeat has a thread of its own
        self._printed = clock.now()
        self._explained = False

    def say(self, text: str) -> None:
        """Print a sentence."""
        self._print(Text(text, style="dim"))

    def doing(self, step: str, done: int, total: int) -> None:
        """Show the step that is being done."""
        self._course.doing(step, done, total)
        self._begin()

    def started(self, plan: Plan) -> None:
        """Print what the search is about to do."""
        self._print(Text(self._course.planned(plan), style="bold"))
        self._begin()

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Show the trial that is being trained."""
        self._course.learning(arm, number=number, fold=fold, progress=progress)

    def scored(self, record: Record, best: Record | None) -> None:
        """Print a finished trial; before the first one, how to read the lines."""
        line = self._course.scored(record, best)
        if not self._explained:
            self._explained = True
            self.say(EXPLAINED)
        self._print(_row(line) if self._console.is_terminal else _text(line))

    def close(self) -> None:
        """Take the live line away. To be called however the run ends."""
        live, ticking, self._live, self._ticking = self._live, self._ticking, None, None
        if live is not None:
            live.stop()
        if ticking is not None:
            ticking.stop()

    def __rich__(self) -> Text:
        """The live line; it is made anew several times a second, so that the time moves."""
        return Text.assemble(("▸ ", "cyan"), self._course.line())

    def _begin(self) -> None:
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
                self._live.start(refresh=True)
        elif self._ticking is None:
            self._ticking = Ticking(self._beat, seconds=self._heartbeat / 6)

    def _beat(self) -> None:
        if self._clock.now() - self._printed >= self._heartbeat:
            self._print(Text(self._course.line()))

    def _print(self, shown: Text | Table) -> None:
        with self._lock:
            self._printed = self._clock.now()
            # a log file has no width: its lines stay whole
            self._console.print(shown, soft_wrap=not self._console.is_terminal, highlight=False)


def _text(line: TrialLine) -> Text:
    leads = [LEADS] if line.leads else []
    return Text(
        f"{line.time:>10}  {line.number:>4}  {line.score}  {' · '.join([line.name, *leads, line.detail])}"
    )


def _row(line: TrialLine) -> Table:
    """A line in columns, the last of which is broken between words if the terminal is narrow."""
    row = Table.grid(padding=(0, 2, 0, 0))
    for width in (10, 3, 5):
        row.add_column(justify="right", no_wrap=True, min_width=width)
    row.add_column(overflow="fold")
    told = Text(line.name)
    if line.leads:
        told.append(f" · {LEADS}", "green")
    told.append(f" · {line.detail}", "dim")
    row.add_row(line.time, line.number, Text(line.score, "bold"), told)
    return row
