"""Tell a person at a terminal what a run is doing: what is tried, the best so far, the time left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autotl import safe
from autotl.api import Arm, Plan, Record
from autotl.clock import Clock, spell


class Terminal:
    """A :class:`~autotl.api.Watch` that prints a line per finished trial, and one live line where it can.

    Without a terminal (a pipe, a log file) only finished lines are printed, with no control codes.
    """

    def __init__(self, *, clock: Clock, console: Console | None = None) -> None:
        self._console, self._clock = console or safe.console(stderr=True), clock
        self._started = clock.now()
        self._plan: Plan | None = None
        self._best: Record | None = None
        self._live: Live | None = None
        self._drawn = 0.0

    def say(self, text: str) -> None:
        """Print a sentence."""
        self._console.print(Text(text, style="dim"))

    def started(self, plan: Plan) -> None:
        """Print what the search is about to do."""
        self._plan = plan
        task = plan.task
        goal = "" if task.metric == "accuracy" else f" · {escape(task.metric.replace('_', ' '))}"
        goal += "" if plan.higher_is_better else ", lower is better"
        self._console.print(
            f"[bold]{task.train_rows:,}[/] training images, [bold]{len(task.classes)}[/] classes · "
            f"{len(plan.arms)} arms · {_limits(plan)}{goal}"
        )
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Redraw the live line, a few times a second at most."""
        now = self._clock.now()
        if self._live is None or now - self._drawn < 0.25:
            return
        self._drawn = now
        place = "on all images" if fold < 0 else f"fold {fold + 1}"
        line = Text.assemble(
            ("▸ ", "cyan"),
            (f"trial {number} ", "bold"),
            f"{arm.strategy} · {arm.backbone} · {place} {progress:4.0%}",
        )
        if self._best and self._best.score is not None:
            line.append(f" · best {self._shown(self._best.score)} {self._best.arm.strategy}", "green")
        if (left := self._left(now)) is not None:
            line.append(f" · {spell(max(left, 0))} left", "dim")
        self._live.update(line)

    def scored(self, record: Record, best: Record | None) -> None:
        """Print a finished trial."""
        self._best = best
        score = "   – " if record.score is None else self._shown(record.score)
        first = best is not None and record.number == best.number
        mark = "[green]★[/]" if first else " "
        what = "default" if record.default else "first look" if record.look else _short(record)
        self._console.print(
            f"{mark} {spell(self._clock.now() - self._started):>10}  [bold]{score}[/]  "
            f"{escape(record.arm.strategy)} · {escape(record.arm.backbone)}  [dim]{escape(what)}"
            f"{'' if record.state == 'complete' else ' · ' + escape(record.state)}[/]",
            soft_wrap=not self._console.is_terminal,
            highlight=False,
        )

    def _shown(self, score: float) -> str:
        """A score as people read the metric; the plan tells it."""
        lower = self._plan is not None and not self._plan.higher_is_better
        return f"{-score if lower else score:.3f}"

    def close(self) -> None:
        """Take the live line away. To be called however the run ends."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _left(self, now: float) -> float | None:
        seconds = self._plan.seconds if self._plan else None
        return None if seconds is None else seconds - (now - self._started)


class Silence:
    """A :class:`~autotl.api.Watch` that shows nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def started(self, plan: Plan) -> None:
        """Nothing."""

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Nothing."""

    def scored(self, record: Record, best: Record | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def leaderboard(report: Mapping[str, Any], console: Console) -> Table:
    """The arms as a table that fits the console."""
    wide = console.width >= 90
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("strategy", no_wrap=not wide and console.width < 60, overflow="fold")
    if wide:
        table.add_column("backbone", overflow="fold")
    table.add_column("test", justify="right", no_wrap=True)
    if console.width >= 60:
        table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("trials", justify="right", no_wrap=True)
    for arm in report["arms"]:
        if arm["test"] is None:
            continue
        low, high = arm["ci95"]
        cells = [escape(arm["strategy"])]
        if wide:
            cells.append(escape(arm["backbone"]))
        cells.append(f"{arm['test']:.3f}")
        if console.width >= 60:
            cells.append(f"{low:.3f} – {high:.3f}")
        table.add_row(*cells, str(arm["trials"]))
    return table


def show_sections(sections: Sequence[tuple[str, Sequence[str]]], console: Console) -> None:
    """Print titles with a sentence on each line below them; names between backticks stand out."""
    for title, sentences in sections:
        console.print(Text(title, style="bold"))
        for sentence in sentences:
            line = Text()
            for place, part in enumerate(sentence.split("`")):
                line.append(part, style="cyan" if place % 2 else "")
            console.print(Padding(line, (0, 0, 0, 2)))
        console.print()


def _limits(plan: Plan) -> str:
    said = [spell(plan.seconds)] if plan.seconds is not None else []
    if plan.trials is not None:
        said.append(f"{plan.trials} trials")
    return " or ".join(said)


def _short(record: Record) -> str:
    def brief(value: object) -> str:
        return f"{value:.2g}" if isinstance(value, float) else str(value)

    return " ".join(f"{name}={brief(value)}" for name, value in record.params.items())
