"""Render a report as Markdown, short enough for a comment on GitHub."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from autotl.report import format
from autotl.report.built_sections import build_sections
from autotl.report.document.report import Report
from autotl.report.section import PictureGroup, Pictures, Section, Snippet, Table
from autotl.report.sections.summary import summary

CODE = re.compile(r"(`[^`]*`)")
SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
ADDRESS = re.compile(r"(?i)(?<=http)(?=s?://)|(?<=www)(?=\.)|@(?=\w)")
MOST_ROWS = 20
"""Rows of a table in Markdown; the page has all rows."""


def markdown(report: Report) -> str:
    """Render the sentences and tables of the report without its figures.

    Pictures are listed by name.
    """
    blocks = [*_summary(report), *(part for section in build_sections(report) for part in _section(section))]
    text = "\n\n".join(block for block in blocks if block) + "\n"
    # file names that are not valid Unicode must not prevent the report
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def sections_text(sections: Iterable[Section], *, title: str) -> str:
    """Render sections below a title, with all rows of their tables.

    Args:
        sections: The sections.
        title: The title; "" for none.
    """
    heading = f"# {_escape(title)}" if title else ""
    parts = [heading, *(part for each in sections for part in _section(each, most_rows=None))]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _summary(report: Report) -> list[str]:
    top = summary(report)
    numbers = [
        f"{each.amount} {each.label}" + (f", {each.detail}" if each.detail else "") for each in top.numbers
    ]
    return [
        f"# {_escape(top.name)}",
        f"**{_prose(top.verdict)}**",
        *(f"**Warning: {_prose(each)}**" for each in top.warnings),
        _prose(top.delivered),
        _bullets(numbers),
        _bullets(top.notes),
    ]


def _section(section: Section, *, most_rows: int | None = MOST_ROWS) -> list[str]:
    tables = [table for table in section.tables if not table.page_only]
    parts = [
        _prose(" ".join(section.sentences)),
        *(_table(table, most_rows) for table in tables),
        *map(_pictures, section.pictures),
        *(part for snippet in section.snippets for part in _snippet(snippet)),
    ]
    return [f"## {section.title}", *parts] if any(parts) else []


def _pictures(content: Pictures) -> str:
    """The names of images in place of their pictures."""
    if not content:
        return ""
    lines = [f"**{_escape(content.title)}**" if content.title else "", _prose(content.note)]
    rows = "\n".join(f"- {_group(each)}" for each in content.groups)
    return "\n\n".join([*filter(None, lines), rows])


def _group(group: PictureGroup) -> str:
    names = ", ".join(format.name(each.item) for each in group.pictures)
    return _prose(f"{group.caption}: {names}" if group.caption else names)


def _snippet(snippet: Snippet) -> list[str]:
    return [f"{_prose(snippet.comment)}:", f"```{snippet.language}\n{snippet.code}\n```"]


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {_prose(item)}" for item in items if item)


def _table(table: Table, most_rows: int | None) -> str:
    """A table with padded columns, so that its source is readable; empty columns are left out."""
    rows = [tuple(_cell(str(cell)) for cell in row) for row in table.rows[:most_rows]]
    if not rows:
        return ""
    if table.strong is not None and table.strong < len(rows):
        rows[table.strong] = tuple(f"**{cell}**" if cell else "" for cell in rows[table.strong])
    used = [i for i in range(len(table.headings)) if any(row[i] for row in rows)]
    widths = {
        i: max(3, *(_width(text) for text in (table.headings[i], *(row[i] for row in rows)))) for i in used
    }
    rule = "|".join(
        "-" * (widths[i] + 1) + ":" if i in table.numeric else "-" * (widths[i] + 2) for i in used
    )
    lines = [_line(each, widths, table.numeric) for each in (table.headings, *rows)]
    text = "\n".join([lines[0], f"|{rule}|", *lines[1:]])
    left_out = len(table.rows) - len(rows)
    return text + (f"\n\n… and {left_out:,} more in `report.html`." if left_out else "")


def _line(cells: Sequence[str], widths: dict[int, int], numeric: frozenset[int]) -> str:
    padded = []
    for i, width in widths.items():
        space = " " * (width - _width(cells[i]))
        padded.append(space + cells[i] if i in numeric else cells[i] + space)
    return f"| {' | '.join(padded)} |"


def _prose(text: str) -> str:
    """A sentence with names in backticks; other characters with a meaning in Markdown are escaped."""
    return "".join(part if part.startswith("`") else _escape(part) for part in CODE.split(text))


def _cell(text: str) -> str:
    # a bar ends a cell even inside backticks, where Markdown removes the backslash again
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else _escape(part) for part in CODE.split(text)
    )


def _escape(text: str) -> str:
    if text.isspace():
        return " "
    lead, tail = (" " if text[:1].isspace() else ""), (" " if text[-1:].isspace() else "")
    flat = SPECIAL.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;"))
    return lead + ADDRESS.sub(lambda found: found.group() + "\u200b", flat) + tail


def _width(text: str) -> int:
    marks = sum(unicodedata.combining(letter) > 0 for letter in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
