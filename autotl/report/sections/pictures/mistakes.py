"""Build the section that shows wrong predictions as pictures."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.pictures import Mistake, PictureData
from autotl.report.document.report import Report
from autotl.report.section import PictureGroup, Pictures, Section
from autotl.report.sections.pictures.picture import picture


def section(report: Report) -> Section:
    """Show the most confident wrong predictions, or the largest errors."""
    found = report.pictures or PictureData()
    groups = tuple(
        PictureGroup((picture(report, each.item, _in_words(each)),), _caption(each))
        for each in found.mistakes
        if each.item
    )
    title = "The largest errors" if report.target.kind == "regression" else "The most confident mistakes"
    return Section(
        name="mistakes",
        title=title,
        link="Mistakes",
        sentences=(_counts(report, found, len(groups)),) if groups else (),
        pictures=(Pictures(groups),),
    )


def _counts(report: Report, found: PictureData, shown: int) -> str:
    """How many of all are shown, and their order."""
    rest, total = "`result.mistakes()` returns all as a table.", found.n_mistakes
    if report.target.kind == "regression":
        order = ", in standard deviations of each number" if len(report.target.names) > 1 else ""
        return f"The largest errors on test images{order}. {rest}"
    noun, plural = "wrong prediction", "wrong predictions"
    if report.target.kind == "multi_label":
        noun, plural = "image with a wrong label", "images with a wrong label"
    counted, order = format.count(total, noun, plural), "the most confident first"
    if total is None or total <= shown:
        return f"{format.count(shown, noun, plural)} in the test set, {order}."
    return f"{shown} of {counted} in the test set, {order}. {rest}"


def _caption(each: Mistake) -> str:
    """The given and the predicted target, with the probability."""
    sure = "" if each.probability is None else f" ({format.percent(each.probability)})"
    if each.number:
        predicted = f"given {format.name(each.given)}, predicted {format.name(each.predicted)}"
        return f"{format.name(each.number)}: {predicted}"
    if each.missed or each.wrong:
        parts = (("missed", each.missed), ("wrongly", each.wrong))
        return ", ".join(f"{verb} {format.name(labels)}" for verb, labels in parts if labels) + sure
    return f"{format.name(each.given)} → {format.name(each.predicted)}{sure}"


def _in_words(each: Mistake) -> str:
    """The caption without marks, for readers who cannot see the picture."""
    if each.number or each.missed or each.wrong:
        return _caption(each).replace("`", "")
    sure = "" if each.probability is None else f" ({format.percent(each.probability)})"
    return f"{format.value(each.given)}, predicted {format.value(each.predicted)}{sure}"
