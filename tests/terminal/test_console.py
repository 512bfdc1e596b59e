"""A terminal and a log file show the trials of a run."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence

import pyte
import pytest
from rich.console import Console

from autotl.api import Arm, Plan, Record
from autotl.clock import FakeClock
from autotl.terminal import Terminal
from autotl.testing import tiny_task

PROBE, TUNE = Arm("linear_probe", "efficientnet_lite0"), Arm("finetune", "efficientnet_lite0")
TASK = tiny_task({"cat": 1000, "dog": 234}, typical_size=96, trial_seconds=10.0)
PLAN = Plan(TASK, (PROBE, TUNE), {}, 300.0, None, 5)


def record(number: int, arm: Arm, score: float | None, *, folds: int = 1, **more: object) -> Record:
    values = {"params": {}, "default": True, "state": "complete", "epochs": 1, "seconds": 1.0} | more
    return Record(number=number, arm=arm, score=score, folds=folds, **values)  # type: ignore[arg-type]


def show_run(terminal: Terminal, clock: FakeClock) -> None:
    """Show a short run with a preparation, a note and three trials; the second leads."""
    terminal.doing("reading images", 20, 1543)
    clock.advance(20)
    terminal.say("Took the column 'species' for the labels. " * 4)
    terminal.started(PLAN)
    clock.advance(20)
    first = record(0, PROBE, 0.997)
    settings = {"C": 0.0123456, "standardise": True, "class_weight": "none", "image_size": 96}
    terminal.scored(first, first)
    better = record(1, TUNE, 0.981, folds=3, default=False, params=settings)
    terminal.scored(better, better)
    terminal.learning(PROBE, number=2, fold=0, score=None, progress=0.5)
    clock.advance(0.5)
    terminal.scored(record(2, PROBE, None, folds=0, state="failed", why="no memory"), better)


def screen(written: str, columns: int) -> list[str]:
    shown = pyte.Screen(columns, 60)
    pyte.Stream(shown).feed(written.replace("\n", "\r\n"))
    return [line.rstrip() for line in shown.display if line.strip()]


def run(columns: int, *, terminal: bool) -> str:
    file, clock = io.StringIO(), FakeClock()
    console = Console(
        file=file, width=columns, force_terminal=terminal, color_system="standard", legacy_windows=False
    )
    shown = Terminal(clock=clock, console=console if terminal else Console(file=file, width=columns))
    show_run(shown, clock)
    shown.close()
    return file.getvalue()


def words(lines: Sequence[str]) -> set[str]:
    return {word for line in lines for word in line.split()}


def test_a_line_of_a_trial_has_time_score_name_and_settings() -> None:
    lines = screen(run(100, terminal=True), 100)
    assert "1,234 training images, 2 classes · 2 strategies on 1 network · 5 min" in lines
    assert any(
        "40 s   #0  0.997  linear_probe · efficientnet_lite0 · leads · 1 of 5 folds" in each for each in lines
    )
    leader = next(each for each in lines if "#1" in each)
    assert "0.981  finetune · efficientnet_lite0 · leads · 3 of 5 folds · C 0.012, standardise," in leader
    assert any("#2" in each and "failed" in each and "leads" not in each for each in lines)
    assert "★" not in "".join(lines)


def test_the_legend_is_printed_once() -> None:
    text = " ".join(screen(run(100, terminal=True), 100))
    assert text.count("marks the trial that would be delivered") == 1


@pytest.mark.parametrize("columns", [60, 80])
def test_no_word_is_broken_in_a_narrow_terminal(columns: int) -> None:
    whole = words(screen(run(200, terminal=True), 200))
    lines = screen(run(columns, terminal=True), columns)
    assert words(lines) <= whole
    assert all(len(line) <= columns for line in lines)


def test_a_log_file_has_whole_lines_and_no_control_codes() -> None:
    text = run(40, terminal=False)
    assert "\x1b" not in text
    assert any(line.count("Took the column") == 4 for line in text.splitlines())
    assert any(
        "#1  0.981  finetune · efficientnet_lite0 · leads · 3 of 5 folds" in each
        for each in text.splitlines()
    )


def test_the_live_line_moves_before_the_first_trial() -> None:
    file, clock = io.StringIO(), FakeClock()
    console = Console(file=file, width=80, force_terminal=True, color_system=None, legacy_windows=False)
    shown = Terminal(clock=clock, console=console)
    shown.doing("loading PyTorch", 0, 0)
    assert "▸ 0.0 s · loading PyTorch" in file.getvalue()
    shown.doing("reading images", 20, 1543)
    clock.advance(7)
    console_line = shown.__rich__().plain
    assert console_line == "▸ 7.0 s · reading images 20 of 1,543"
    shown.started(PLAN)
    shown.learning(PROBE, number=3, fold=1, score=None, progress=0.25)
    clock.advance(3)
    line = shown.__rich__().plain
    assert line == "▸ 10 s · trial 3 linear_probe · efficientnet_lite0 · fold 2 25% · 4 min 50 s left"
    shown.close()
    assert file.getvalue().endswith("\x1b[?25h") or "\x1b[?25h" in file.getvalue()  # the cursor is back


class Stepping(FakeClock):
    """A clock on which a second passes at each call."""

    def now(self) -> float:
        self.advance(1)
        return super().now()


def beats(text: str) -> int:
    return sum("reading images 20 of 1,543" in line for line in text.splitlines())


def test_a_silent_log_has_a_heartbeat_until_it_is_closed() -> None:
    file = io.StringIO()
    shown = Terminal(clock=Stepping(), console=Console(file=file, width=80), heartbeat=0.06)
    shown.doing("reading images", 20, 1543)
    until = time.monotonic() + 20
    while beats(file.getvalue()) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    shown.close()
    count = beats(file.getvalue())
    assert count >= 3
    time.sleep(0.05)
    assert beats(file.getvalue()) == count


def test_a_log_with_recent_output_has_no_heartbeat() -> None:
    file = io.StringIO()
    shown = Terminal(clock=FakeClock(), console=Console(file=file, width=80), heartbeat=0.06)
    shown.doing("reading images", 20, 1543)
    time.sleep(0.1)
    shown.close()
    assert file.getvalue() == ""
