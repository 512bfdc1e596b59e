"""Write a leaderboard as Markdown.

It has the sentences and tables of the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from autotl.leaderboard.render import additional, sentences, tables
from autotl.leaderboard.render.findings import Findings, findings
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats.winners_curse import Labels
from autotl.report.section import Table

_CODE = re.compile(r"(`[^`]*`)")
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")
_ADDRESS = re.compile(r"(?i)(?<=http)(?=s?://)|(?<=www)(?=\.)|@(?=\w)")


def markdown(
    rows: Iterable[Row], *, title: str, seed: int = 0, labels: Mapping[str, Labels] | None = None
) -> str:
    """Return a leaderboard as Markdown, without figures.

    Args:
        rows: The rows.
        title: The heading.
        seed: Seed of the bootstrap.
        labels: True labels of the test images by the hash of their split, for the selection bias.

    Raises:
        BenchError: If the rows cannot be ranked.
    """
    found = findings(rows, seed=seed, labels=labels)
    order = [each.entrant for each in found.board.standings]
    blocks = [
        f"# {_escape(' '.join(title.split()))}",
        f"**{_prose(sentences.finding(found))}**",
        _prose(sentences.scope(found.board)),
        _bullets(sentences.warnings(found.board, found.caveats)),
        *_section("Standings", [], tables.standings(found)),
        *_section("Are the differences significant?", sentences.tests(found.tests), tables.pairs(found)),
        *_section("Case by case", [], tables.scores(found, order)),
        *_section("Rules for choosing", sentences.rules(found), tables.rules(found)),
        *_section("Selection", sentences.selection(found), tables.selection(found)),
        *_budgets(found),
        *_additional(found),
        *_section("Rows that failed", [], tables.failures(found.caveats)),
        *_section("Entrants that did not run everywhere", [], tables.missing(found.caveats)),
        *_section("Measured on", [], tables.origin(found.caveats)),
        "## How to read this",
        _bullets(sentences.reading()),
    ]
    text = "\n\n".join(block for block in blocks if block) + "\n"
    # names that are not valid Unicode must not raise an error
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _budgets(found: Findings) -> list[str]:
    return [_table(tables.budgets(found))] if found.selection and found.selection.curves else []


def _additional(found: Findings) -> list[str]:
    """Return the section on additional images, if any row has a contribution or an adaptation."""
    gained, adapted = additional.contributions(found), additional.adaptations(found)
    if not (gained or adapted):
        return []
    parts = _section(additional.TITLE, additional.sentences(found), gained) or [f"## {additional.TITLE}"]
    if adapted:
        text = _prose(" ".join(additional.place_sentences(found)))
        parts += [f"### {additional.PLACE_TITLE}", text, _table(adapted)]
    return parts


def _section(title: str, sentences: list[str], table: Table) -> list[str]:
    parts = [_prose(" ".join(sentences)), _table(table)]
    return [f"## {title}", *parts] if any(parts) else []


def _bullets(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_prose(each)}" for each in sentences)


def _table(table: Table) -> str:
    if not table:
        return ""
    rule = ["--:" if i in table.numeric else "---" for i in range(len(table.headings))]
    rows = [[_cell(str(cell)) for cell in row] for row in table.rows]
    if table.strong is not None:
        rows[table.strong] = [f"**{cell}**" if cell else "" for cell in rows[table.strong]]
    lines = [[_cell(heading) for heading in table.headings], rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _prose(text: str) -> str:
    """Escape Markdown and HTML in a sentence, except names in backticks."""
    return "".join(part if part.startswith("`") else _escape(part) for part in _CODE.split(text))


def _cell(text: str) -> str:
    # A bar ends a cell even inside backticks, unless a backslash precedes it.
    parts = _CODE.split(text)
    return "".join(
        part.replace("|", "\\|") if part.startswith("`") else _escape(part) for part in parts
    ).replace("\n", " ")


def _escape(text: str) -> str:
    marked = _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;"))
    return _ADDRESS.sub(lambda found: found.group() + "\u200b", marked)
