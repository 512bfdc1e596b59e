"""Show what a section has found as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(title: str, found: Any, console: Console) -> None:
    """A table for every list of rows in what was found, and a line for the facts beside it."""
    for name, part in _parts(title, found):
        rows = part.get("rows") or []
        facts = {key: value for key, value in part.items() if not isinstance(value, Mapping | list)}
        console.print(f"[bold]{escape(name)}[/]  {escape(_line(facts))}", highlight=False)
        if rows:
            console.print(_table(rows))


def _parts(title: str, found: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every mapping that has something of its own to show, named by the way to it."""
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
        words = isinstance(rows[0].get(key), str)
        table.add_column(escape(key), justify="left" if words else "right", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell(row.get(key))) for key in keys))
    return table


def _line(facts: Mapping[str, Any]) -> str:
    return " · ".join(f"{key} {cell(value)}" for key, value in facts.items())


def cell(value: Any) -> str:
    """A number in three digits; a median with its smallest and largest below it."""
    if isinstance(value, Mapping) and {"median", "min", "max"} <= set(value):
        return f"{_number(value['median'])}\n({_number(value['min'])}–{_number(value['max'])})"
    return _number(value) if isinstance(value, float) else "" if value is None else str(value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
