"""Render parts of a report in a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autotl.modalities import worded
from autotl.report.document.report import Report
from autotl.report.section import Section
from autotl.report.sections import place, search, summary
from autotl.report.sentences.contributions import contributions
from autotl.report.sentences.final_model import ensemble
from autotl.report.sentences.next_data import next_data
from autotl.report.sentences.validation_gap import validation_gap

_BACKBONES = 90
"""Columns of a terminal from which the backbone is shown."""
_INTERVALS = 60
"""Columns of a terminal from which intervals are shown."""


def leaderboard(report: Report, console: Console) -> Table:
    """Build a table of the tested arms that fits the console."""
    backbones, intervals = console.width >= _BACKBONES, console.width >= _INTERVALS
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("strategy", no_wrap=not intervals, overflow="fold")
    if backbones:
        table.add_column("backbone", overflow="fold")
    table.add_column("test", justify="right", no_wrap=True)
    if intervals:
        table.add_column("95% interval", justify="right", no_wrap=True)
    table.add_column("trials", justify="right", no_wrap=True)
    for arm in report.arms:
        if arm.test is None:
            continue
        cells = [escape(arm.strategy or "")]
        if backbones:
            cells.append(escape(arm.backbone or ""))
        plain = report.measure.plain
        cells.append(plain(arm.test))
        if intervals:
            cells.append(f"{plain(arm.ci95[0])} – {plain(arm.ci95[1])}" if arm.ci95 else "–")
        table.add_row(*cells, str(arm.trials or 0))
    return table


def warning_lines(report: Report) -> tuple[str, ...]:
    """Return what makes the test score or the probabilities wrong."""
    return summary.warnings(report)


def result_lines(report: Report) -> list[str]:
    """Return the lines below the verdict, without backticks."""
    lines = [
        summary.delivered(report),
        summary.caveat(report),
        *contributions(report),
        place.decision(report),
        search.search_gain(report),
        validation_gap(report),
        ensemble(report),
        *(["What to do next:", *next_data(report)] if report.next else []),
    ]
    return [worded(line, report.inputs.noun).replace("`", "") for line in lines if line]


def show_sections(sections: Iterable[Section], console: Console) -> None:
    """Print titles and sentences; names in backticks are highlighted."""
    for section in sections:
        console.print(Text(section.title, style="bold"))
        for sentence in section.sentences:
            line = Text()
            for index, part in enumerate(sentence.split("`")):
                line.append(part, style="cyan" if index % 2 else "")
            console.print(Padding(line, (0, 0, 0, 2)))
        console.print()
