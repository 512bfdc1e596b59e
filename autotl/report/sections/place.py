"""Build the section about the place of use."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.adaptation import Adaptation, ComparedModel
from autotl.report.document.report import Report
from autotl.report.section import Cell, Section, Table


def section(report: Report) -> Section:
    """Describe the decision on adapting, and the compared models."""
    found = report.adaptation
    sentences = () if found is None else (decision(report), _images(found), *_untried(found))
    return Section(
        name="place",
        title="At the place of use",
        link="Place of use",
        sentences=tuple(filter(None, sentences)),
        tables=() if found is None else (_models(report, found),),
    )


def decision(report: Report) -> str:
    """Describe the decision and the true score.

    The text is empty without images of the place of use.
    """
    found = report.adaptation
    if found is None:
        return ""
    names = [each.strategy for each in found.candidates] + [each.strategy for each in found.untried]
    return format.mark_names(format.sentence(found.sentence), *names)


def _images(found: Adaptation) -> str:
    text = f"{format.count(found.used, 'image')} of the place of use were compared"
    if found.left_out:
        text += f", without {format.count(found.left_out, 'copy', 'copies')} of your images"
    difference = found.domain_difference
    if difference is None or difference.auc is None:
        return text + "."
    auc, p = f"{difference.auc:.2f}", format.DASH if difference.p is None else f"{difference.p:.3f}"
    return f"{text}. A classifier tells them from training images with an AUC of {auc} (p = {p})."


def _untried(found: Adaptation) -> list[str]:
    reasons = [(format.name(each.strategy), each.reason) for each in found.untried]
    return [format.sentence(f"{name} was not tried: {why}") for name, why in reasons]


def _models(report: Report, found: Adaptation) -> Table:
    models = [each for each in (found.unadapted, *found.candidates) if each is not None]
    chosen = [each.strategy for each in models[1:]]
    headings = (
        "model",
        "source val.",
        "entropy",
        "mutual information",
        "neighbourhood density",
        "weighted val.",
        "class distance",
        "labelled slice",
        "true score",
        "95% interval",
    )
    strong = 1 + chosen.index(found.chosen) if found.chosen in chosen else 0
    rows = tuple(_row(report, each, adapted=number > 0) for number, each in enumerate(models))
    return Table(headings, rows, frozenset(range(1, 10)), strong if rows else None, title="Compared models")


def _row(report: Report, each: ComparedModel, *, adapted: bool) -> tuple[Cell, ...]:
    measure, scores = report.measure, each.scores
    name = format.name(each.strategy)
    return (
        name if adapted else f"{name} (unadapted)",
        measure.value(scores.source_validation),
        _decimals(scores.mean_entropy),
        _decimals(scores.mutual_information),
        _decimals(scores.neighbourhood_density),
        format.percent(scores.importance_weighted),
        _decimals(scores.class_distance),
        "" if each.slice is None else measure.value(each.slice),
        "" if each.truth is None else measure.value(each.truth.value),
        "" if each.truth is None else measure.span(each.truth.ci95),
    )


def _decimals(number: float | None) -> str:
    return format.DASH if number is None else f"{number:.3f}"
