"""Build the sections about the data before any training."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import Similarity, When
from autotl.report.section import Section
from autotl.report.sections.data import data_sentences
from autotl.report.sentences import predictions, source_similarity
from autotl.report.sentences.contributions import kinds


def profile_sections(report: Report) -> list[Section]:
    """Build the sections of a profile that have content."""
    when = report.when
    built = [
        ("data", "The data", [_counts(report), *data_sentences(report)]),
        ("similarity", "Similarity to the source data of each backbone", _similarities(when)),
        ("backbones", "Recommended backbone", _ranking(when)),
        ("curve", "Effect of more images", _learning_curve(report)),
        ("strategy", "Recommended strategy", _strategy(when)),
        ("kinds", "Possible kinds of transfer", kinds(when)),
    ]
    return [
        Section(name=name, title=title, link=title, sentences=kept)
        for name, title, sentences in built
        if (kept := tuple(filter(None, sentences)))
    ]


def _counts(report: Report) -> str:
    when, words = report.when, report.words
    smallest = ""
    if report.target.kind == "single_label":
        smallest = f", {format.value(when.min_per_class)} in the smallest class"
    return (
        f"{format.count(when.n_train, 'training image')} and {format.count(when.n_test, 'test image')} of "
        f"{format.count(when.n_classes, words.one, words.several)}{smallest}. "
        f"The median shorter side is {format.value(when.image_side)} pixels."
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
