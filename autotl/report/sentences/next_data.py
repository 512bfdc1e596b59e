"""Write sentences about what to do next."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report


def next_data(report: Report) -> list[str]:
    """Return the advice in its order, numbered if there is more."""
    sentences = [text for each in report.next if (text := format.sentence(each.sentence))]
    if len(sentences) < 2:
        return sentences
    return [f"{number}. {text}" for number, text in enumerate(sentences, 1)]
