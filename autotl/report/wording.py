"""Put the noun of the data's inputs in the place of images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autotl.modalities.words import IMAGE, counted, worded
from autotl.report.section import (
    Figure,
    KeyNumber,
    Picture,
    PictureGroup,
    Pictures,
    Section,
    Summary,
    Table,
)

_SENTENCES = ("sentence", "caveat", "cost", "delivered")


def section_about(section: Section, noun: str) -> Section:
    """Return a section whose words are about other inputs than images.

    Cells of tables stay. Drawings have other nouns after numbers alone, because they show the user's names.

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
        figures=tuple(_figure(each, noun) for each in section.figures),
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
        faults=tuple(replace(each, text=worded(each.text, noun)) for each in summary.faults),
        delivered=worded(summary.delivered, noun),
        numbers=tuple(
            KeyNumber(worded(each.label, noun), each.amount, worded(each.detail, noun))
            for each in summary.numbers
        ),
        notes=tuple(worded(each, noun) for each in summary.notes),
    )


def document_about(document: Mapping[str, Any], noun: str) -> dict[str, Any]:
    """Return the content of ``report.json`` with sentences about other inputs than images.

    They are the verdict, the advice and the notes, which programs show as they are.

    Args:
        document: The content.
        noun: One input in words.
    """
    verdict = {**document["verdict"]}
    verdict |= {key: worded(verdict[key], noun) for key in _SENTENCES if verdict[key]}
    verdict["warnings"] = [worded(each, noun) for each in verdict["warnings"]]
    advice = [{**each, "sentence": worded(each["sentence"], noun)} for each in document["next"]]
    notes = [worded(each, noun) for each in document["notes"]]
    return {**document, "verdict": verdict, "next": advice, "notes": notes}


def _figure(figure: Figure, noun: str) -> Figure:
    def draw(width: float) -> str:
        return counted(figure.draw(width), noun)

    return replace(figure, caption=worded(figure.caption, noun), draw=draw)


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
