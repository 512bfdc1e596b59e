"""Show the results of a section as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(title: str, found: Any, console: Console) -> None:
    """Print a table for every list of rows, and a line with its other values.

    Args:
        title: Name of the section.
        found: Results of the section.
        console: The console.
    """
    for name, part in _parts(title, found):
        rows = part.get("rows") or []
        values = {key: value for key, value in part.items() if not isinstance(value, Mapping | list)}
        console.print(f"[bold]{escape(name)}[/]  {escape(_line(values))}", highlight=False)
        if rows:
            console.print(_table(rows))


def _parts(title: str, found: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every mapping with values of its own, and its title."""
    if isinstance(found, list):
        for each in found:
            yield from _parts(title, each)
    elif isinstance(found, Mapping):
        if "rows" in found or any(not isinstance(v, Mapping | list) for v in found.values()):
            yield title, found
        for key, value in found.items():
            inner = isinstance(value, Mapping) or (
                key != "rows" and isinstance(value, list) and value and isinstance(value[0], Mapping)
            )
            if inner:
                yield from _parts(f"{title} · {key}", value)


def _table(rows: list[Mapping[str, Any]]) -> Table:
    table = Table()
    keys = list(dict.fromkeys(key for row in rows for key in row))
    for key in keys:
        text = isinstance(rows[0].get(key), str)
        table.add_column(escape(key), justify="left" if text else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(row.get(key))) for key in keys))
    return table


def _line(values: Mapping[str, Any]) -> str:
    return " · ".join(f"{key} {cell(value)}" for key, value in values.items())


def cell(value: Any) -> str:
    """Format a value: a number with three digits, a median with the range below it."""
    if isinstance(value, Mapping) and {"median", "min", "max"} <= set(value):
        return f"{_number(value['median'])}\n({_number(value['min'])}–{_number(value['max'])})"
    return _number(value) if isinstance(value, float) else "" if value is None else str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
