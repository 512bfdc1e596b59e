"""Write a report document as one self-contained page."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from autotl.report import account, figures, format, headline, story, tables, use
from autotl.report.figures.select import drawings
from autotl.report.lookup import Report, at, confusion, rows

CODE = re.compile(r"`([^`]*)`")
BESIDE = ("gain", "similarity", "confusion")
"""Figures that stand in a column beside the sentences."""

SHORT = 12
"""Tables longer than this are folded, but for their first rows."""


def html(report: Report) -> str:
    """The whole report as one page: no script, nothing fetched, fit for a phone and for paper."""
    page = _environment().get_template("report.html.j2").render(**_content(report))
    return page.encode("utf-8", "backslashreplace").decode(
        "utf-8"
    )  # file names that are no text must not lose the report


def prose(text: str) -> Markup:
    """A sentence as HTML: everything escaped, names in backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


@cache  # compiling the page takes longer than filling it
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("autotl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def _content(report: Report) -> dict[str, Any]:
    transfer = str(at(report, "verdict", "transfer") or "")
    if not format.measured(at(report, "when", "transfer_gain", "value")):
        transfer = ""  # a gain nobody measured is not "no difference"
    return {
        "name": format.value(at(report, "name") or "Transfer report"),
        "created": format.moment(at(report, "created")),
        "badge": format.EFFECTS.get(transfer, "Transfer gain not measured"),
        "transfer": transfer if transfer in format.EFFECTS else "unmeasured",
        "verdict": story.verdict(report),
        "delivered": headline.delivered(report),
        "warnings": headline.warnings(report),
        "numbers": story.key_numbers(report),
        "notes": [format.sentence(note) for note in rows(report, "notes")],
        "story": {part.__name__: part(report) for part in _PARTS},
        "tables": {table.__name__: table(report) for table in _TABLES},
        "figures": _figures(report),
        "figure_style": Markup(figures.STYLE),
        "many_classes": len(confusion(report)) > figures.MOST_CLASSES,
        "short": SHORT,
        "stages": _stages(report),
        "use": {name: getattr(use, name) for name in ("AUTOTL", "SHELL", "TIMM")},
        "version": format.value(at(report, "environment", "autotl") or ""),
    }


_PARTS = (
    story.what,
    story.when,
    story.how,
    story.results,
    story.arms,
    story.search,
    account.data,
    account.cost,
    account.split,
)
_TABLES = (
    tables.arms,
    tables.per_class,
    tables.confusions,
    tables.likeness,
    tables.transferability,
    tables.negative,
    tables.params,
    tables.class_counts,
    tables.unreadable,
    tables.trials,
    tables.provenance,
)


def _stages(report: Report) -> list[tuple[str, str]]:
    """The network from image to answer: each part and what became of it."""
    frozen = rows(report, "what", "frozen_stages")
    kept = [
        (str(s), "frozen" if s in frozen else "trained") for s in rows(report, "what", "transferred_stages")
    ]
    new = [(format.value(part), "new") for part in rows(report, "what", "replaced")]
    return kept + new if kept else []


def _figures(report: Report) -> dict[str, dict[str, Markup]]:
    # Two drawings of each: shrinking one to a phone would shrink its words too. The page shows one of them.
    wide, half, narrow = (
        drawings(report, width=width) for width in (figures.WIDE, figures.HALF, figures.NARROW)
    )
    sizes = {"wide": wide | {name: half[name] for name in BESIDE if name in half}, "narrow": narrow}
    return {
        name: {size: Markup(drawn[name].replace(figures.STYLE, "")) for size, drawn in sizes.items()}
        for name in wide
    }
