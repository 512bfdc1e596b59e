"""Put the noun of the data's inputs in the place of images."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from autotl.report.section import (
    KeyNumber,
    Picture,
    PictureGroup,
    Pictures,
    Section,
    Summary,
    Table,
)

IMAGE = "image"
_CODE = re.compile(r"(`[^`]*`)")
_NOUN = re.compile(r"\b(?:(an|An) )?(image|Image|picture|Picture|photograph)(s?)\b")


def worded(text: str, noun: str) -> str:
    """Return a sentence about images as one about other inputs.

    Names in backticks stay.

    >>> worded("An image of `my image` is one of 3 images.", "text")
    'A text of `my image` is one of 3 texts.'
    """
    if noun == IMAGE:
        return text
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _NOUN.sub(_replacement(noun), part) for part in parts)


def _replacement(noun: str) -> Callable[[re.Match[str]], str]:
    def replaced(match: re.Match[str]) -> str:
        article, word, plural = match.groups()
        own = noun.capitalize() if word[0].isupper() else noun
        return f"{article[0]} {own}{plural}" if article else own + plural

    return replaced


def section_about(section: Section, noun: str) -> Section:
    """Return a section whose words are about other inputs than images.

    Cells of tables stay.

    Args:
        section: The section.
        noun: One input in words, such as ``"text"``.
    """
    if noun == IMAGE:
        return section

    def own(text: str) -> str:
        return worded(text, noun)

    return replace(
        section,
        title=own(section.title),
        link=own(section.link),
        sentences=tuple(map(own, section.sentences)),
        tables=tuple(_table(each, noun) for each in section.tables),
        figures=tuple(replace(each, caption=own(each.caption)) for each in section.figures),
        pictures=tuple(_pictures(each, noun) for each in section.pictures),
        snippets=tuple(replace(each, comment=own(each.comment)) for each in section.snippets),
    )


def summary_about(summary: Summary, noun: str) -> Summary:
    """Return a summary whose words are about other inputs than images.

    Args:
        summary: The summary.
        noun: One input in words.
    """
    if noun == IMAGE:
        return summary
    return replace(
        summary,
        verdict=worded(summary.verdict, noun),
        warnings=tuple(worded(each, noun) for each in summary.warnings),
        delivered=worded(summary.delivered, noun),
        numbers=tuple(
            KeyNumber(worded(each.label, noun), each.amount, worded(each.detail, noun))
            for each in summary.numbers
        ),
        notes=tuple(worded(each, noun) for each in summary.notes),
    )


def _table(table: Table, noun: str) -> Table:
    headings = tuple(worded(each, noun) for each in table.headings)
    return replace(table, headings=headings, title=worded(table.title, noun))


def _pictures(pictures: Pictures, noun: str) -> Pictures:
    groups = tuple(
        PictureGroup(
            tuple(Picture(each.item, each.file, worded(each.alt, noun)) for each in group.pictures),
            worded(group.caption, noun),
            group.named,
        )
        for group in pictures.groups
    )
    return Pictures(groups, worded(pictures.title, noun), worded(pictures.note, noun))
