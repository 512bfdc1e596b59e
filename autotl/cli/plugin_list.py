"""List the installed plugins as rows, and as lines of a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autotl.plugins import Catalog, Origin

BY_NAME = "not searched unless named"
"""The state of a strategy that runs only on request."""
MIN_WIDTH = 40
_INDENT = "      "


def plugin_rows(catalog: Catalog) -> list[dict[str, str]]:
    """Return a row for each object, each observer and each broken plugin."""
    rows = [
        _row(kind, name, registry.origins[name], f"autotl_{kind}", _state(kind, item), item.summary)
        for kind, registry in catalog.registries().items()
        for name, item in registry.items.items()
    ]
    for name, origin in catalog.observers.items():
        plugin = catalog.manager.get_plugin(name)
        hooks = sorted(caller.name for caller in catalog.manager.get_hookcallers(plugin) or ())
        rows.append(_row("observers", name, origin, ", ".join(hooks), "default", catalog.about(name)))
    return rows


def plugin_lines(
    rows: Sequence[Mapping[str, str]], broken: Mapping[str, str], *, width: int
) -> Iterator[str]:
    """Yield the lines of the list, wrapped to a width.

    Args:
        rows: The rows, as of :func:`plugin_rows`.
        broken: The reason of each plugin that could not be loaded.
        width: Columns of the terminal.
    """
    for kind in dict.fromkeys(row["kind"] for row in rows):
        chosen = [row for row in rows if row["kind"] == kind]
        yield f"{kind} ({', '.join(dict.fromkeys(row['hooks'] for row in chosen))})"
        for row in chosen:
            facts = [] if row["distribution"] == "autotl" else [f"{row['distribution']} {row['version']}"]
            facts += [row["state"]] if row["state"] != "default" else []
            head = f"  {row['name']}" + (f" [{'; '.join(facts)}]" if facts else "")
            yield from _wrapped(f"{head}: {row['summary']}", width)
    if broken:
        yield "broken (left out)"
        for name, why in broken.items():
            yield from _wrapped(f"  {name}: {why}", width)


def _row(kind: str, name: str, origin: Origin, hooks: str, state: str, summary: str) -> dict[str, str]:
    return {
        "kind": kind,
        "name": name,
        "distribution": origin.distribution,
        "version": origin.version,
        "plugin": origin.plugin,
        "hooks": hooks,
        "state": state,
        "summary": summary,
    }


def _state(kind: str, item: Any) -> str:
    return BY_NAME if kind == "strategies" and getattr(item, "on_request", False) else "default"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        max(width, MIN_WIDTH),
        subsequent_indent=_INDENT,
        drop_whitespace=True,
        break_long_words=False,
        break_on_hyphens=False,
    )
