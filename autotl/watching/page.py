"""Render the page of a run, and its updates."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

import autotl
from autotl.clock import Clock, WallClock, format_duration
from autotl.report import format
from autotl.report.render.html import page_blocks, page_script, rendered
from autotl.watching.run_content import RunContent, RunMoment, RunSource, RunState
from autotl.watching.run_sections import best_score, headline, run_sections

PACKAGE = "autotl.watching"
STATES: Mapping[RunState, tuple[str, str]] = {
    "running": ("Running", "helps"),
    "finished": ("Finished", "helps"),
    "interrupted": ("Interrupted", "no_measurable_difference"),
    "failed": ("Ended with an error", "hurts"),
    "stopped": ("Stopped", "hurts"),
}
"""The state in words, and its CSS class in the report's style."""
REST = 20.0
"""Times that a rendering took, until the next one: pages take 5 % of a core at most."""


class RunPage:
    """The page of a run for the threads of a server.

    Args:
        source: Observes the run.
        clock: Measures how long a rendering takes.
    """

    def __init__(self, source: RunSource, *, clock: Clock | None = None) -> None:
        self._source, self._clock = source, clock or WallClock()
        self._lock = threading.Lock()  # among threads of the server; the run never takes it
        self._shown: RunContent | None = None
        self._body, self._next = "", 0.0
        self._version = secrets.randbelow(2**31)  # an open page of an earlier server has another one

    @property
    def content(self) -> RunContent:
        """The present content."""
        return self._source.content()

    def html(self) -> str:
        """Return the whole page."""
        content, moment = self.content, self._source.moment()
        body, version = self._rendered(content)
        return rendered(
            "watch.html.j2",
            PACKAGE,
            version=autotl.__version__,
            title=_title(content),
            name=format.value(content.name),
            ended=content.state != "running",
            body=Markup(body),
            body_version=version,
            times=_times(moment),
            step=moment.step,
            report_hash=page_script("report.js")["script_hash"],  # a kept report has the policy of this page
            **page_script("watch.js", PACKAGE),
        )

    def update(self, known: int) -> dict[str, Any]:
        """Return the changes as JSON data.

        Args:
            known: The version of the content that the page has; other content comes as HTML in ``body``.
        """
        content, moment = self.content, self._source.moment()
        body, version = self._rendered(content)
        found: dict[str, Any] = {
            "version": version,
            "title": _title(content),
            "ended": content.state != "running" and self._shown == content,
            "report": content.report is not None,
            "step": moment.step,
            **_times(moment),
        }
        return found if version == known else {**found, "body": body}

    def report(self) -> Path | None:
        """Return the page of the report, if it is written."""
        return self.content.report

    def _rendered(self, content: RunContent) -> tuple[str, int]:
        """Return the HTML of the content and its version; the last one if it is too early for another."""
        with self._lock:
            now, changed = self._clock.now(), content != self._shown
            if changed and (now >= self._next or content.state != "running"):
                self._body, self._shown = _body(content), content
                self._version += 1
                self._next = self._clock.now() + REST * (self._clock.now() - now)
            return self._body, self._version


def _body(content: RunContent) -> str:
    state, style = STATES[content.state]
    return rendered(
        "body.html.j2",
        PACKAGE,
        state=state,
        style=style,
        headline=headline(content),
        goal=content.goal,
        best=best_score(content),
        metric=f"best validation {content.measure.name}{content.measure.remark}",
        trials=f"{len(content.records):,}",
        advice=_advice(content),
        report=content.report is not None,
        folder=format.value(str(content.folder or "")),
        blocks=page_blocks(run_sections(content)),
    )


def _advice(content: RunContent) -> str:
    """Return what a person can do after the end of a run; names are in backticks."""
    folder = format.name(content.folder)
    resume = f"Finished trials are kept. Resume the run with: autotl resume {folder}"
    return {
        "running": "",
        "finished": "",
        "interrupted": f"The best model so far was evaluated and saved. {resume}",
        "failed": "The message is in the terminal, log or notebook that the run was started from.",
        "stopped": f"The run was stopped before its report was written. {resume}",
    }[content.state]


def _title(content: RunContent) -> str:
    name = format.value(content.name)
    if content.state == "running":
        return f"{best_score(content)} · {name}" if content.records else name
    return f"{STATES[content.state][0]} · {name}"


def _times(moment: RunMoment) -> dict[str, Any]:
    """Return the time, the time left and the spent fraction of the budget, as a page shows them."""
    seconds, left = moment.seconds, moment.seconds_left
    return {
        "time": format.DASH if seconds is None else format_duration(seconds),
        "left": format.DASH if left is None else format_duration(left),
        "share": None if left is None or seconds is None else seconds / max(seconds + left, 1e-9),
    }
