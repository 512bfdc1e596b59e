"""Summarise a comparison as an HTML card for notebooks."""

from __future__ import annotations

from html import escape

from autotl.comparison.content import Compared
from autotl.comparison.facts import facts
from autotl.comparison.sentences import counts, sentences
from autotl.report.render.html import prose
from autotl.results.card import BOX, CELL, TABLE


def card(content: Compared) -> str:
    """Return sentences and lines of a comparison as HTML.

    All names are escaped. The card has no scripts and loads nothing.
    """
    head = "".join(f'<th style="{CELL}">{escape(run.name)}</th>' for run in content.runs)
    label = f'<tr><th style="{CELL};font-weight:400;white-space:nowrap">'
    body = "".join(
        f"{label}{escape(line.label).replace('  ', '&emsp;')}</th>"
        + "".join(f'<td style="{CELL}">{prose(cell)}</td>' for cell in line.cells)
        + "</tr>"
        for line in facts(content)
    )
    parts = [f'<div style="font-weight:600">{prose(each)}</div>' for each in sentences(content)]
    parts += [f"<div>{prose(each)}</div>" for each in filter(None, map(counts, content.differences))]
    parts.append(f'<table style="{TABLE}"><tr><th></th>{head}</tr>{body}</table>')
    if content.options:
        parts.append(f"<div>Options that differ: {escape(', '.join(content.options))}.</div>")
    parts += [f"<div><small>{prose(each)}</small></div>" for each in content.notes]
    parts.append(
        "<div>Next: <code>.table()</code>, <code>.disagreements()</code>, "
        '<code>.save("compare.html")</code></div>'
    )
    return f'<div style="{BOX};max-width:none">{"".join(parts)}</div>'
