"""Render a comparison as one self-contained page."""

from __future__ import annotations

import autotl
from autotl.comparison.content import Compared
from autotl.comparison.render.sections import build_sections
from autotl.comparison.sentences import sentences
from autotl.report import format
from autotl.report.render.html import page_blocks, page_script, rendered


def page(content: Compared) -> str:
    """Return the page, which fetches nothing."""
    first, *others = sentences(content)
    several = f"{len(content.runs)} runs, compared with {content.first.shown}"
    return rendered(
        "compare.html.j2",
        "autotl.comparison",
        version=autotl.__version__,
        title=", ".join(format.value(run.name) for run in content.runs),
        headline=several if others else first,
        blocks=page_blocks(build_sections(content)),
        notes=content.notes,
        **page_script("report.js"),
    )
