"""Render a comparison as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

import autotl
from autotl.comparison.content import Compared
from autotl.comparison.render.sections import build_sections
from autotl.comparison.sentences import sentences
from autotl.report import Section, figures
from autotl.report.render.html import page_environment


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in two widths; the page shows one of them."""

    name: str
    caption: str
    wide: Markup
    narrow: Markup


def page(content: Compared) -> str:
    """Return the page; it has no scripts and fetches nothing."""
    sections = build_sections(content)
    first, *others = sentences(content)
    text = (
        page_environment("autotl.comparison")
        .get_template("compare.html.j2")
        .render(
            title=", ".join(run.name for run in content.runs),
            headline=first
            if not others
            else f"{len(content.runs)} runs, compared with {content.first.shown}",
            blocks=[(section, _drawn(section)) for section in sections],
            notes=content.notes,
            version=autotl.__version__,
            figure_style=Markup(figures.STYLE),
        )
    )
    # names that are not valid Unicode must not raise an error
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _drawn(section: Section) -> Sequence[Drawn]:
    found = []
    for each in section.figures:
        wide, narrow = (each.draw(width) for width in (figures.WIDE, figures.NARROW))
        if wide:
            # the page has the style of figures once
            wide, narrow = (svg.replace(figures.STYLE, "") for svg in (wide, narrow))
            found.append(Drawn(each.name, each.caption, Markup(wide), Markup(narrow)))
    return found
