"""Render a comparison in a terminal."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from autotl.comparison.content import Compared
from autotl.comparison.facts import Fact, facts
from autotl.comparison.sentences import counts, sentences
from autotl.escaping import console

LABEL_WIDTH = 17
"""Columns of the labels of lines."""
LEAST_WIDTH = 18
"""Fewest columns of a run; further runs are in another table below."""
GAP = 2
"""Columns between two columns of a table."""


def text(content: Compared, *, width: int) -> str:
    """Return the comparison as plain text.

    Args:
        content: The comparison.
        width: Columns of a line.
    """
    file = io.StringIO()
    shown = console(file=file, width=width, force_terminal=True, color_system=None)
    show(content, shown)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def show(content: Compared, shown: Console) -> None:
    """Print the comparison: tables, sentences and notes."""
    for each in _parts(content, shown.width):
        # a terminal wraps sentences at words; files and pipes get whole lines
        shown.print(each, soft_wrap=isinstance(each, Text) and not shown.is_terminal)


def _parts(content: Compared, width: int) -> Iterator[RenderableType]:
    lines, runs = facts(content), range(len(content.runs))
    fitting = max(1, (width - LABEL_WIDTH) // (LEAST_WIDTH + GAP))
    for start in runs[::fitting]:
        yield _table(content, lines, range(start, min(start + fitting, len(runs))), width)
        yield ""
    for found, sentence in zip(content.differences, sentences(content), strict=True):
        yield Text(sentence.replace("`", ""), style="bold")
        if counted := counts(found):
            yield Text(counted.replace("`", ""))
    if content.options:
        yield Text(f"Options that differ: {', '.join(content.options)}.")
    for note in content.notes:
        yield Text(note.replace("`", ""), style="dim")


def _table(content: Compared, lines: list[Fact], places: range, width: int) -> Table:
    """Return the lines of some runs."""
    each = max(1, (width - LABEL_WIDTH) // len(places) - GAP)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    table.add_column("", style="dim", width=LABEL_WIDTH, overflow="fold")
    for place in places:
        table.add_column(Text(content.runs[place].name), max_width=each, overflow="fold")
    for line in lines:
        table.add_row(Text(line.label), *(Text(line.cells[place].replace("`", "")) for place in places))
    return table
