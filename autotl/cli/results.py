"""Print the result of a run, and the commands that usually follow."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from autotl import report, terminal, watching
from autotl.api import Watch
from autotl.cli.app import print_json
from autotl.clock import WallClock
from autotl.escaping import console
from autotl.results.card import NO_VERDICT


def watch_of(silent: bool, *, page: bool = False, port: int | None = None, quiet: bool = False) -> Watch:
    """Return an object that prints the progress, or a silent one.

    Args:
        silent: Whether it prints nothing.
        page: Whether it also serves a page that follows the run.
        port: The first port to try, which implies the page; None for the default one.
        quiet: Whether not even the address of the page is printed.
    """
    shown: Watch = terminal.Silence() if silent else terminal.watch(WallClock())
    if not page and port is None:
        return shown

    def announce(text: str) -> None:
        if not silent:
            shown.say(text)
        elif not quiet:  # standard output has JSON alone
            show_lines(console(stderr=True), text)

    return watching.BrowserWatch(shown, port=watching.PORT if port is None else port, announce=announce)


@contextmanager
def log_to(watch: Watch, *, enabled: bool) -> Iterator[None]:
    """Show autotl's log messages in the progress, if ``enabled``."""
    logger, handler = logging.getLogger("autotl"), _WatchHandler(watch)
    level = logger.level
    if enabled:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _WatchHandler(logging.Handler):
    """Shows log messages in the progress, so that they do not disturb its display."""

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self._watch = watch

    def emit(self, record: logging.LogRecord) -> None:
        """Show a message."""
        self._watch.say(record.getMessage())


def show_result(result: Any, *, as_json: bool, quiet: bool) -> None:
    """Print the report as JSON, or its main results as text.

    Args:
        result: The result of the run.
        as_json: Whether JSON is printed.
        quiet: Whether nothing is printed, apart from JSON.
    """
    if as_json:
        print_json(result.report)
    elif not quiet:
        shown, document = console(), report.parse(result.report)
        shown.print()
        shown.print(report.leaderboard(document, shown))
        shown.print()
        show_lines(shown, document.verdict.sentence or NO_VERDICT, style="bold")
        show_lines(shown, *report.warning_lines(document), style="bold red")
        show_lines(shown, *report.result_lines(document))
        show_lines(shown, f"Report: {result.folder / 'report.html'}", f"Model:  {result.folder / 'model'}")


def show_next(shown: Console, steps: Sequence[tuple[str, str]]) -> None:
    """Print the next steps, each as its purpose and its command."""
    wide = max(len(what) for what, _ in steps) + 2
    lines = [f"  {what + ':':{wide}}{how}" for what, how in steps]
    show_lines(shown, "\nNext:", style="bold")
    if shown.is_terminal and max(map(len, lines)) > shown.width:  # each command gets its own line
        for what, how in steps:
            shown.print(Text(f"  {what}:"), Padding(Text(how), (0, 0, 0, 4)), sep="\n")
    else:
        show_lines(shown, *lines)


def next_steps(folder: Path, noun: str) -> list[tuple[str, str]]:
    """Return the usual next steps after a fit, with their commands.

    Args:
        folder: The run folder.
        noun: One input in words.
    """
    run = shlex.quote(str(folder))
    return [
        ("See the report", f"open {folder / 'report.html'} in a browser"),
        (f"Label {noun}s", f"autotl predict {run} NEW_{noun.upper()}S --out labels.csv"),
        ("Search longer", f"autotl resume {run} --budget TIME"),
    ]


def show_lines(shown: Console, *lines: str, style: str | None = None) -> None:
    """Print lines without markup.

    Args:
        shown: The console. A terminal wraps lines at words; files and pipes get whole lines.
        *lines: The lines.
        style: The style of rich.
    """
    for line in lines:
        shown.print(line, style=style, markup=False, soft_wrap=not shown.is_terminal)
