"""Show the progress of a run in one display of a notebook."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from importlib import import_module
from typing import Any

from autotl.api import Arm, Plan, Record
from autotl.clock import Clock
from autotl.terminal.progress_text import LEADS, LEGEND, RunProgress, TrialLine
from autotl.terminal.ticker import Ticker

EVERY = 1.0
"""Seconds between two updates."""
Show = Callable[[str], None]


class Notebook:
    """Watch for notebooks that replaces one display.

    At the end, the display has the card of the result. It needs IPython but no widgets.
    """

    def __init__(self, *, clock: Clock, show: Show | None = None, every: float = EVERY) -> None:
        self._clock, self._every = clock, every
        self._progress = RunProgress(clock)
        self._show = show or _Display()
        self._notes: list[str] = []
        self._plan = ""
        self._trials: list[TrialLine] = []
        self._ticking: Ticker | None = None
        self._lock = threading.Lock()
        self._card = ""

    def say(self, text: str) -> None:
        """Add a sentence."""
        self._notes.append(text)
        self._begin()

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
        """Show the plan of the search."""
        self._plan = self._progress.planned(plan)
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
        """Add a finished trial."""
        self._trials.append(self._progress.scored(record, best))
        self._begin()

    def finished(self, result: Any) -> None:
        """Keep the card of the result for the last update."""
        self._card = result._repr_html_()

    def close(self) -> None:
        """Update the display once more. Call this also if the run fails."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
            self._draw(running=False)

    def _begin(self) -> None:
        if self._ticking is None:
            self._draw()
            self._ticking = Ticker(self._draw, seconds=self._every)

    def _draw(self, running: bool = True) -> None:
        with self._lock:
            self._show(self._html(running=running))

    def _html(self, *, running: bool) -> str:
        notes = "".join(f"<div>{escape(note)}</div>" for note in list(self._notes))
        trials = "".join(map(_row, list(self._trials)))
        if trials:
            trials = f'<table style="margin:.5em 0">{trials}</table><small>{escape(LEGEND)}</small>'
        details = f"{notes}{trials}"
        if not running and self._card:
            details = f"<details><summary>Notes and trials</summary>{details}</details>"
        now = f"<div>▸ {escape(self._progress.line())}</div>" if running else ""
        plan = f"<div><b>{escape(self._plan)}</b></div>" if self._plan else ""
        return f"<div>{plan}{details}{now}{self._card}</div>"


def _row(line: TrialLine) -> str:
    leads = f" · <b>{LEADS}</b>" if line.leads else ""
    cells = (
        escape(line.time),
        escape(line.number),
        f"<b>{escape(line.score)}</b>",
        f"{escape(line.name)}{leads} · {escape(line.detail)}",
    )
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


class _Display:
    """Output of the cell: the first call creates it, later calls replace it."""

    def __init__(self) -> None:
        self._handle: Any = None

    def __call__(self, html: str) -> None:
        shown: Any = import_module("IPython.display")  # every notebook has IPython
        if self._handle is None:
            self._handle = shown.display(shown.HTML(html), display_id=True)
        else:
            self._handle.update(shown.HTML(html))
