"""Print the progress of a run in a terminal or log file."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from autotl import escaping
from autotl.api import Arm, Plan, Record
from autotl.clock import Clock
from autotl.terminal.progress_text import LEADS, LEGEND, RunProgress, TrialLine
from autotl.terminal.ticker import Ticker

HEARTBEAT = 30.0
"""Seconds without output after which a log file gets a line."""


class Terminal:
    """Watch that prints a line for each finished trial.

    In a terminal, a live line shows the current step. In a pipe or log file, lines are not wrapped and have
    no control codes; the current step is printed after ``heartbeat`` seconds without output.
    """

    def __init__(self, *, clock: Clock, console: Console | None = None, heartbeat: float = HEARTBEAT) -> None:
        self._console, self._clock = console or escaping.console(stderr=True), clock
        self._progress = RunProgress(clock)
        self._heartbeat = heartbeat
        self._live: Live | None = None
        self._ticking: Ticker | None = None
        self._lock = threading.Lock()  # the heartbeat has its own thread
        self._printed = clock.now()
        self._has_legend = False

    def say(self, text: str) -> None:
        """Print a sentence."""
        self._print(Text(text, style="dim"))

    def doing(self, step: str, done: int, total: int) -> None:
        """Show the current step.

        Args:
            step: Name of the step.
            done: Finished items.
            total: All items; 0 if unknown.
        """
        self._progress.doing(step, done, total)
        self._begin()

    def started(self, plan: Plan) -> None:
        """Print the plan of the search."""
        self._print(Text(self._progress.planned(plan), style="bold"))
        self._begin()

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Show the running trial.

        Args:
            arm: Strategy and backbone of the trial.
            number: Number of the trial.
            fold: Index of the fold; negative for the training on all images.
            score: Validation score so far.
            progress: Finished fraction of the fold, in [0, 1].
        """
        self._progress.learning(arm, number=number, fold=fold, progress=progress)

    def scored(self, record: Record, best: Record | None) -> None:
        """Print a finished trial; the first is preceded by a legend."""
        line = self._progress.scored(record, best)
        if not self._has_legend:
            self._has_legend = True
            self.say(LEGEND)
        self._print(_row(line) if self._console.is_terminal else _text(line))

    def close(self) -> None:
        """Remove the live line. Call this also if the run fails."""
        live, ticking, self._live, self._ticking = self._live, self._ticking, None, None
        if live is not None:
            live.stop()
        if ticking is not None:
            ticking.stop()

    def __rich__(self) -> Text:
        """Return the live line; Rich calls this several times a second."""
        return Text.assemble(("▸ ", "cyan"), self._progress.line())

    def _begin(self) -> None:
        if self._console.is_terminal:
            if self._live is None:
                self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
                self._live.start(refresh=True)
        elif self._ticking is None:
            self._ticking = Ticker(self._beat, seconds=self._heartbeat / 6)

    def _beat(self) -> None:
        if self._clock.now() - self._printed >= self._heartbeat:
            self._print(Text(self._progress.line()))

    def _print(self, shown: Text | Table) -> None:
        with self._lock:
            self._printed = self._clock.now()
            # a log file has no width, so its lines are not wrapped
            self._console.print(shown, soft_wrap=not self._console.is_terminal, highlight=False)


def _text(line: TrialLine) -> Text:
    leads = [LEADS] if line.leads else []
    return Text(
        f"{line.time:>10}  {line.number:>4}  {line.score}  {' · '.join([line.name, *leads, line.detail])}"
    )


def _row(line: TrialLine) -> Table:
    """A line in columns; a narrow terminal wraps the last column between words."""
    row = Table.grid(padding=(0, 2, 0, 0))
    for width in (10, 3, 5):
        row.add_column(justify="right", no_wrap=True, min_width=width)
    row.add_column(overflow="fold")
    label = Text(line.name)
    if line.leads:
        label.append(f" · {LEADS}", "green")
    label.append(f" · {line.detail}", "dim")
    row.add_row(line.time, line.number, Text(line.score, "bold"), label)
    return row
