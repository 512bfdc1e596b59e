"""Print tables and titled sentences that fit the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text


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
            cells.append("–" if low is None else f"{low:.3f} – {high:.3f}")
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
