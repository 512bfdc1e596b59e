"""List the built-in strategies and measures, from the plugins' own descriptions."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from typing import Any

from autotl import plugins
from autotl.analysis.backbone_ranking import DECIDES
from docs.site.markdown import of_docstring
from docs.site.settings import setting_rows

FLAGS = {"unlabelled": "`--unlabelled`", "source": "`--source`", "deploy": "`--deploy`"}
"""The option that gives the images of a role."""


def strategy_list() -> str:
    """Return a section for each built-in strategy: defaults first, then those by name, then baselines."""
    groups: dict[str, list[Any]] = {
        "Searched by default": [],
        "By name, or with other images": [],
        "Baselines": [],
    }
    for strategy in built_in().strategies.items.values():
        by_default, by_name, baselines = groups.values()
        optional = getattr(strategy, "on_request", False) or getattr(strategy, "additional", ())
        (baselines if strategy.baseline else by_name if optional else by_default).append(strategy)
    return _page(groups, lambda each: [_runs(each), *_settings(each)])


def measure_list() -> str:
    """Return a section for each built-in distance and each transferability score."""
    catalog = built_in()
    groups: dict[str, list[Any]] = {
        "Distances between your images and the source": [*catalog.similarities.items.values()],
        "Transferability scores": [*catalog.transferabilities.items.values()],
    }
    return _page(groups, lambda each: [_measured(each)])


def built_in() -> plugins.Catalog:
    """Return the plugins of autotl itself, whatever else is installed."""
    points = entry_points(group=plugins.GROUP)
    return plugins.load(each for each in points if each.dist is not None and each.dist.name == "autotl")


def _page(groups: dict[str, list[Any]], facts: Any) -> str:
    """Return the groups with their sections.

    Args:
        groups: The objects by the heading of their group.
        facts: Returns the paragraphs of an object between its docstring and its paper.
    """
    return "\n\n".join(part for title, items in groups.items() for part in _group(title, items, facts))


def _group(title: str, items: Iterable[Any], facts: Any) -> Iterator[str]:
    yield f"## {title}"
    for item in sorted(items, key=lambda each: str(each.name)):
        yield f"### `{item.name}`"
        yield f"*{_sentence(item.summary)}*"
        if text := _body(item):
            yield text
        yield from facts(item)
        yield f"Paper: {_sentence(item.reference)}"


def _body(item: Any) -> str:
    """Return the docstring without examples, as Markdown."""
    text = inspect.cleandoc(type(item).__doc__ or "")
    blocks = [each for each in text.split("\n\n") if not each.lstrip().startswith(">>>")]
    return of_docstring("\n\n".join(blocks))


def _runs(strategy: Any) -> str:
    """Return when a strategy runs."""
    if roles := getattr(strategy, "additional", ()):
        given = " and ".join(FLAGS[role] for role in roles)
        return f"Runs if {given} is given, or by name: `--strategy {strategy.name}`."
    if getattr(strategy, "on_request", False):
        return f"Runs by name: `--strategy {strategy.name}`."
    return f"Runs by default. `--without {strategy.name}` leaves it out."


def _settings(strategy: Any) -> Iterator[str]:
    """Yield the table of settings, if there are any."""
    rows = setting_rows(strategy)
    if rows:
        head = ["| setting | default | searched |", "|---|---|---|"]
        yield "\n".join([*head, *(f"| `{name}` | {default} | {values} |" for name, default, values in rows)])


def _measured(item: Any) -> str:
    """Return whether a measure decides something, and its needs."""
    if not hasattr(item, "needs_head"):
        if getattr(item, "steers", False):
            return "`autotl fit` measures it, and its value can decide."
        return "`autotl analyze` shows it. It decides nothing."
    needs = " It needs the source's own classifier." if item.needs_head else ""
    decides = item.name == DECIDES[0]
    return (
        "It ranks the backbones." if decides else "`autotl analyze` shows it. It decides nothing."
    ) + needs


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}".rstrip(".") + "."
