"""Render a report as one self-contained page."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from autotl.report.built_sections import build_sections
from autotl.report.document.report import Report
from autotl.report.figures import HALF, NARROW, STYLE, WIDE
from autotl.report.render.pictures import Grid, PageGrids
from autotl.report.section import Fault, Figure, Place, Section, Table
from autotl.report.sections import LEADING
from autotl.report.sections.summary import summary

CODE = re.compile(r"`([^`]*)`")
DATA = "data"
"""Anchor of the section on the data."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Figure in two widths; the page shows one of them."""

    name: str
    caption: str
    place: Place
    wide: Markup
    narrow: Markup


@dataclass(frozen=True, slots=True)
class Block:
    """Section with its tables and figures by their position on the page."""

    section: Section
    column: Sequence[Table]
    beside: Sequence[Table]
    below: Sequence[Table]
    drawn_beside: Sequence[Drawn]
    drawn_half: Sequence[Drawn]
    drawn_below: Sequence[Drawn]
    grids: Sequence[Grid]


def html(report: Report, run: Path | None = None) -> str:
    """Render the report as a page that fetches nothing.

    A small script sorts tables and opens folded parts for print; without scripts nothing is missing.

    Args:
        report: The report.
        run: The run folder with thumbnails; without it, pictures are shown by name.
    """
    blocks, top = page_blocks(build_sections(report), run), summary(report)
    return rendered(
        "report.html.j2",
        version=top.version,
        summary=top,
        faults=_linked(top.faults, blocks),
        blocks=blocks,
        leading=sum(block.section.name in LEADING for block in blocks),
        **page_script("report.js"),
    )


def page_blocks(sections: Iterable[Section], run: Path | None = None) -> list[Block]:
    """Return sections as a page shows them.

    Args:
        sections: The sections.
        run: The run folder with thumbnails; without it, pictures are shown by name.
    """
    grids = PageGrids(run)
    return [_block(section, grids) for section in sections]


def rendered(template: str, *packages: str, **content: Any) -> str:
    """Render a template in the look of the report.

    Args:
        template: The name of the template.
        *packages: Packages with more templates.
        **content: The names in the template.
    """
    page = page_environment(*packages).get_template(template).render(figure_style=Markup(STYLE), **content)
    # file names that are not valid Unicode must not prevent the page
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def page_script(name: str, *packages: str) -> dict[str, Any]:
    """Return a script, and its hash for the policy.

    Args:
        name: The name of the template.
        *packages: Packages with more templates.
    """
    script = page_environment(*packages).get_template(name).render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {"script": Markup(script), "script_hash": digest}


def prose(text: str) -> Markup:
    """Escape a sentence and convert names in backticks to code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


@cache  # compiling the page takes longer than filling it
def page_environment(*packages: str) -> Environment:
    """Return the templates of packages and of the report.

    Jinja escapes all text in them.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in (*packages, "autotl.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment


def _linked(faults: Sequence[Fault], blocks: Sequence[Block]) -> list[Fault]:
    """Return the faults with links to their pictures or table, else to the section on the data."""
    anchors = {grid.anchor for block in blocks for grid in block.grids}
    anchors |= {table.anchor for block in blocks for table in block.below}
    return [each if each.anchor in anchors else replace(each, anchor=DATA) for each in faults]


def _block(section: Section, grids: PageGrids) -> Block:
    drawn = list(_drawn(section.figures))
    tables = [table for table in section.tables if table]
    return Block(
        section,
        column=[table for table in tables if table.place == "column"],
        beside=[table for table in tables if table.place == "beside"],
        below=[table for table in tables if table.place == "below"],
        drawn_beside=[each for each in drawn if each.place == "beside"],
        drawn_half=[each for each in drawn if each.place == "half"],
        drawn_below=[each for each in drawn if each.place == "below"],
        grids=grids.grids(section.pictures),
    )


def _drawn(figures: Sequence[Figure]) -> Iterable[Drawn]:
    """The figures with numbers; a phone has its own drawing, because shrinking one would shrink its text."""
    for figure in figures:
        wide = figure.draw(HALF if figure.place in {"beside", "half"} else WIDE)
        if wide:
            yield Drawn(
                figure.name, figure.caption, figure.place, _inline(wide), _inline(figure.draw(NARROW))
            )


def _inline(svg: str) -> Markup:
    return Markup(svg.replace(STYLE, ""))
