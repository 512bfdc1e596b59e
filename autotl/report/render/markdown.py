"""Write a report document as Markdown, short enough for a comment on GitHub."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from autotl.report import account, format, headline, story, tables, use
from autotl.report.lookup import Report, at, rows
from autotl.report.tables import Table

CODE = re.compile(r"(`[^`]*`)")
SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
ADDRESS = re.compile(r"(?i)(?<=http)(?=s?://)|(?<=www)(?=\.)|@(?=\w)")
LONGEST = 20
"""Rows of a table that a comment shows; the page has them all."""


def markdown(report: Report) -> str:
    """The whole report as Markdown: the same sentences and tables as the page, without its figures."""
    blocks = [
        f"# {_escape(format.value(at(report, 'name') or 'Transfer report'))}",
        f"**{_prose(story.verdict(report))}**",
        "\n\n".join(f"**Warning: {_prose(each)}**" for each in headline.warnings(report)),
        _prose(headline.delivered(report)),
        _key_numbers(report),
        _bullets(format.sentence(note) for note in rows(report, "notes")),
        *_section("What was transferred", story.what(report)),
        *_section(
            "When it pays",
            story.when(report),
            tables.negative(report),
            tables.likeness(report),
            tables.transferability(report),
        ),
        *_section("How it was done", story.how(report), tables.params(report)),
        *_section("On the test images", story.results(report), tables.per_class(report)),
        *_section("Every arm", story.arms(report), tables.arms(report)),
        *_section("The search", story.search(report)),
        *_section("The data", account.data(report) + account.split(report), tables.unreadable(report)),
        *_section("Cost", account.cost(report)),
        "## Use the model",
        "RUN stands for the folder of this report.",
        f"```python\n{use.AUTOTL}\n```",
        "Without autotl:",
        f"```python\n{use.TIMM}\n```",
        *_section("Provenance", [], tables.provenance(report)),
    ]
    text = "\n\n".join(block for block in blocks if block) + "\n"
    return text.encode("utf-8", "backslashreplace").decode(
        "utf-8"
    )  # file names that are no text must not lose the report


def _section(title: str, sentences: list[str], *found: Table) -> list[str]:
    parts = [_prose(" ".join(sentences)), *map(_table, found)]
    return [f"## {title}", *parts] if any(parts) else []


def _key_numbers(report: Report) -> str:
    return _bullets(
        f"{figure.amount} {figure.label}" + (f", {figure.detail}" if figure.detail else "")
        for figure in story.key_numbers(report)
    )


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {_prose(item)}" for item in items if item)


def _table(table: Table) -> str:
    """Columns padded to one width, so that the text is readable as it stands."""
    if not table:
        return ""
    shown = [tuple(_cell(str(cell)) for cell in row) for row in table.rows[:LONGEST]]
    if table.strong is not None and table.strong < len(shown):
        strong = table.strong
        shown[strong] = tuple(f"**{cell}**" if cell else "" for cell in shown[strong])
    used = [i for i in range(len(table.headings)) if any(row[i] for row in shown)]
    widths = {
        i: max(3, *(_width(text) for text in (table.headings[i], *(row[i] for row in shown)))) for i in used
    }

    def line(cells: tuple[str, ...]) -> str:
        padded = []
        for i in used:
            space = " " * (widths[i] - _width(cells[i]))
            padded.append(space + cells[i] if i in table.numeric else cells[i] + space)
        return f"| {' | '.join(padded)} |"

    rule = "|".join(
        "-" * (widths[i] + 1) + ":" if i in table.numeric else "-" * (widths[i] + 2) for i in used
    )
    text = "\n".join([line(table.headings), f"|{rule}|", *map(line, shown)])
    left_out = len(table.rows) - len(shown)
    return text + (f"\n\n… and {left_out:,} more in `report.html`." if left_out else "")


def _prose(text: str) -> str:
    """A sentence as Markdown: names in backticks stay, what Markdown or HTML would act on is escaped."""
    return "".join(part if part.startswith("`") else _escape(part) for part in CODE.split(text))


def _cell(text: str) -> str:
    # A bar ends a cell even inside backticks; there a backslash before it is taken away again.
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else _escape(part) for part in CODE.split(text)
    )


def _escape(text: str) -> str:
    flat = " ".join(text.split()).replace("&", "&amp;") if not text.isspace() else " "
    lead, tail = (" " if text[:1].isspace() else ""), (" " if text[-1:].isspace() else "")
    flat = SPECIAL.sub(r"\\\1", flat)
    return flat if text.isspace() else lead + ADDRESS.sub(lambda found: found.group() + "\u200b", flat) + tail


def _width(text: str) -> int:
    marks = sum(unicodedata.combining(letter) > 0 for letter in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
