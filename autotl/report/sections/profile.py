"""Build the sections about the data before any training."""

from __future__ import annotations

from typing import Any

from autotl.api import TargetSpec
from autotl.metrics import METRICS_OF
from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import Similarity, When
from autotl.report.kinds import target_data
from autotl.report.metric_format import Measure, measure_of
from autotl.report.section import Section, Table
from autotl.report.section_figures.gains import learning_figure, similarity_figure
from autotl.report.sections.data import class_sizes, data_sentences, unreadable_files
from autotl.report.sections.pictures.issue_tables import issue_tables
from autotl.report.sections.when import score_table, similarity_table
from autotl.report.sentences import forecasts, predictions, source_similarity
from autotl.report.sentences.contributions import kinds
from autotl.report.wording import section_about
from autotl.targets import kind_named, target_of


def profile_sections(report: Report) -> list[Section]:
    """Build the sections of a profile that have content."""
    when = report.when
    parts: list[tuple[str, str, str, list[str], dict[str, Any]]] = [
        ("data", "The data", "Data", [_counts(report), *data_sentences(report)], _data(report)),
        (
            "similarity",
            "Similarity to the source data of each backbone",
            "Similarity",
            _similarities(when),
            {"tables": (similarity_table(when),), "figures": (similarity_figure(when),)},
        ),
        ("backbones", "Recommended backbone", "Backbones", _ranking(when), {"tables": (score_table(when),)}),
        (
            "curve",
            "Effect of more images",
            "More images",
            _learning_curve(report),
            {"figures": (learning_figure(report),)},
        ),
        ("strategy", "Recommended strategy", "Strategy", _strategy(when), {"tables": (_forecasts(report),)}),
        ("kinds", "Possible kinds of transfer", "Kinds", kinds(when), {}),
    ]
    found = [
        Section(name=name, title=title, link=link, sentences=kept, **more)
        for name, title, link, sentences, more in parts
        if (kept := tuple(filter(None, sentences)))
    ]
    return [section_about(each, report.inputs.noun) for each in found]


def _data(report: Report) -> dict[str, Any]:
    """The tables and figures of the data."""
    quality = report.quality
    return {
        "tables": (
            class_sizes(quality, report.words),
            *target_data.tables(quality),
            *issue_tables(quality, report.target.kind),
            unreadable_files(quality),
        ),
        "figures": target_data.drawings(quality),
    }


def expected_winner(report: Report) -> str:
    """Return the most promising arm with its forecast; empty without any."""
    known = [row for row in report.when.forecasts if row.expected is not None]
    if not known:
        return ""
    first = max(known, key=lambda row: row.chance_to_win or 0.0)
    measure = default_measure(report)
    return (
        f"{format.name(first.strategy)} on {format.name(first.backbone)} has the largest chance to score "
        f"highest, with an expected validation {measure.name} of {forecasts.score(first, measure)}."
    )


def default_measure(report: Report) -> Measure:
    """Return the format of the metric that a profile forecasts."""
    kind = kind_named(report.target.kind)
    metric = METRICS_OF[kind][target_of(TargetSpec(kind, report.target.names)).default_metric]
    return measure_of(metric.name, higher_is_better=metric.higher_is_better, percent=metric.percent)


def _forecasts(report: Report) -> Table:
    """The forecast of each arm, the largest chance first."""
    measure = default_measure(report)
    known = sorted(report.when.forecasts, key=lambda row: -(row.chance_to_win or 0.0))
    rows = tuple(
        (
            format.name(row.strategy),
            format.name(row.backbone),
            forecasts.score(row, measure),
            f"{measure.value(row.low)} – {measure.value(row.high)}",
            format.percent(row.chance_to_win),
        )
        for row in known
        if row.expected is not None
    )
    headings = ("strategy", "backbone", "expected", "90% interval", "chance to win")
    title = f"Expected validation {measure.name}{measure.remark} of a run"
    return Table(headings, rows, frozenset({2, 3, 4}), title=title)


def _counts(report: Report) -> str:
    when, words = report.when, report.words
    smallest = ""
    if report.target.kind == "single_label":
        smallest = f", {format.value(when.min_per_class)} in the smallest class"
    return (
        f"{format.count(when.n_train, 'training image')} and {format.count(when.n_test, 'test image')} of "
        f"{format.count(when.n_classes, words.one, words.several)}{smallest}. "
        f"The {report.inputs.size} is {format.value(when.image_side)} {report.inputs.unit}."
    )


def _similarities(when: When) -> list[str]:
    sentences = []
    for backbone, measures in when.similarity.items():
        values = [
            f"{format.value(name)} {found}" for name, each in measures.items() if (found := _value(each))
        ]
        if values:
            sentences.append(
                f"{format.name(backbone)}, from 0 (noise) to 1 (the source data): "
                f"{format.listing(values, limit=12)}."
            )
        sentences.append(source_similarity.departure(when, backbone))
        sentences.append(source_similarity.overlap(when, backbone))
    return sentences


def _value(found: Similarity) -> str:
    if found.calibrated is None:
        return ""
    interval = f" ({found.ci95[0]:.2f} – {found.ci95[1]:.2f})" if found.ci95 else ""
    return f"{found.calibrated:.2f}{interval}"


def _ranking(when: When) -> list[str]:
    """The recommended backbone, and the backbones that the other scores rank first."""
    choice = when.choice
    sentences = [format.sentence(choice.sentence)]
    if len(choice.order) < 2:
        return sentences
    first_by: dict[str, list[str]] = {}
    scores = {name for found in when.transferability.values() for name in found}
    for score in sorted(scores - {choice.by}):
        values = {
            backbone: value
            for backbone in choice.order
            if (found := when.transferability.get(backbone, {}).get(score))
            and (value := found.value) is not None
        }
        if len(values) > 1:
            first_by.setdefault(max(values, key=lambda backbone: values[backbone]), []).append(score)
    for backbone, names in first_by.items():
        also = "is also" if backbone == choice.order[0] else "is"
        sentences.append(f"{format.name(backbone)} {also} first by {format.listing(names, limit=12)}.")
    return sentences


def _learning_curve(report: Report) -> list[str]:
    curve = report.when.learning_curve
    if curve is None:
        return []
    points = [f"{format.percent(each.score)} from {format.value(each.n)}" for each in curve.points]
    return [
        f"{format.sentence(f'validation {report.words.correct}')[:-1]} of the linear probe by number of "
        "training images: "
        f"{format.listing(points, limit=8)}.",
        format.sentence(curve.sentence),
    ]


def _strategy(when: When) -> list[str]:
    return [
        format.sentence(when.rule_of_thumb.sentence),
        predictions.experience(when),
        format.sentence(when.expected),
    ]
