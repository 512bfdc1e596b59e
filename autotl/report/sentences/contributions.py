"""Write sentences about images besides the labelled ones."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import When


def contributions(report: Report) -> list[str]:
    """Describe what each given set of images contributed."""
    sentences = []
    for each in report.contributions:
        text = format.sentence(each.sentence)
        names = each.strategy, each.compared_with
        sentences.append(format.mark_names(text, *names) if text and "`" not in text else text)
    return [each for each in sentences if each]


def kinds(when: When) -> list[str]:
    """Describe the kinds of transfer that the given images allow."""
    return [text for each in when.kinds if (text := format.sentence(each.sentence))]
