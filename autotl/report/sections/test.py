"""Build the section about the test set."""

from __future__ import annotations

from dataclasses import replace

from autotl.report import figures, format
from autotl.report.document.evaluation import ClassScore
from autotl.report.document.quality import Quality
from autotl.report.document.report import Report
from autotl.report.kinds import label_scores, number_scores
from autotl.report.section import Bar, Cell, Figure, Section, Table
from autotl.report.section_figures.model import confusion_figure, reliability_figure

MOST_ROWS = 12
"""Classes up to which the page shows the whole table."""
WEAKEST = 8
"""Classes that the page shows otherwise."""
MISTAKES = 12
"""Confused pairs in the table."""


def section(report: Report) -> Section:
    """Describe the test score, the calibration and the mistakes."""
    sentences = [
        _score(report),
        *_of_kind(report),
        _balanced(report),
        _constant(report),
        _calibration(report),
        *(
            format.sentence(f"{format.metric(name)} is undefined on these labels: {why}")
            for name, why in report.test.undefined.items()
        ),
    ]
    return Section(
        name="test",
        title="On the test images",
        link="Test",
        sentences=tuple(filter(None, sentences)),
        tables=_tables(report),
        figures=_figures(report),
    )


def _of_kind(report: Report) -> list[str]:
    """The sentences on classes, labels or numbers."""
    if report.test.per_label:
        return label_scores.sentences(report)
    if report.test.per_column:
        return number_scores.sentences(report)
    return [_extremes(report), _mistake(report)]


def _tables(report: Report) -> tuple[Table, ...]:
    if report.test.per_label:
        return label_scores.tables(report)
    if report.test.per_column:
        return number_scores.tables(report)
    return (*_classes(report), *_mistakes(report))


def _figures(report: Report) -> tuple[Figure, ...]:
    if report.test.per_column:
        return number_scores.drawings(report)
    scores = label_scores.drawings(report) if report.test.per_label else (confusion_figure(report),)
    return (*scores, reliability_figure(report))


def _score(report: Report) -> str:
    test, measure = report.test, report.measure
    if test.value is None:
        return ""
    text = f"The {measure.name} is {measure.value(test.value)}{measure.remark}"
    interval = measure.between(test.ci95)
    if not test.n:
        return f"{text} (95% interval: {interval})." if interval else f"{text}."
    copies, compared = leaked_images(report.quality)
    images = format.count(test.n, "test image")
    if not copies:
        unseen = images.replace("test", "unseen test")
        return f"{text} on {unseen} (95% interval: {interval})." if interval else f"{text} on {unseen}."
    text += f" on {images} ({copies:,} of {compared:,} compared images are copies of training images)."
    return f"{text} The 95% interval, which ignores these copies, is {interval}." if interval else text


def leaked_images(quality: Quality) -> tuple[int, int]:
    """Return the test images that are copies, and the compared images."""
    if quality.cleaned.mode in {"drop", "weight"}:
        return 0, 0
    near, exact = quality.near_leakage, quality.leakage
    kinds = [
        (copies, compared)
        for copies, compared in ((near.images, near.compared), (exact.images, exact.of))
        if copies is not None and compared is not None
    ]
    return max(kinds, key=lambda kind: kind[0] / max(1, kind[1]), default=(0, 0))


def _balanced(report: Report) -> str:
    balanced, plain = (report.test.metrics.get(name) for name in ("balanced_accuracy", "accuracy"))
    if balanced is None or plain is None or abs(balanced - plain) < 0.01:
        return ""
    return (
        f"Balanced accuracy, which weights all classes equally, is {format.percent(balanced)}; "
        f"plain accuracy is {format.percent(plain)}."
    )


def _constant(report: Report) -> str:
    score, measure = report.test.always_majority, report.measure
    if score is None:
        return ""
    constant = report.words.constant
    if measure.percent and report.target.kind == "single_label":
        constant = "Always predicting the largest class"
    return f"{constant} would score {measure.value(score)}."


def _calibration(report: Report) -> str:
    error, before = report.test.calibration_error, report.test.calibration_error_before
    if error is None:
        return ""
    text = f"The expected calibration error of its probabilities is {100 * error:.1f} points"
    if before is not None and f"{before:.3f}" != f"{error:.3f}":
        text += f"; before temperature scaling it was {100 * before:.1f}"
    return text + "."


def _extremes(report: Report) -> str:
    """The classes with the highest and the lowest recall."""
    scored = [each for each in report.test.per_class if each.recall is not None and each.n]
    if len(scored) < 2:
        return ""
    best = max(scored, key=lambda each: each.recall or 0.0)
    worst = min(scored, key=lambda each: each.recall or 0.0)
    if best.recall == worst.recall:
        return ""
    return (
        f"The best class is {format.name(best.name)}: {format.percent(best.recall)} of its "
        f"{format.count(best.n, 'test image')} are recognised. The worst is {format.name(worst.name)}, with "
        f"{format.percent(worst.recall)} of {format.count(worst.n, 'image')}."
    )


def _mistake(report: Report) -> str:
    if not (pairs := report.confused_pairs):
        return ""
    true, predicted, images, total = pairs[0]
    share = f"{images:,} of {format.count(total, 'image')}"
    return f"The most frequent mistake: {format.name(true)} predicted as {format.name(predicted)} ({share})."


def _classes(report: Report) -> list[Table]:
    """The scores of each class, the lowest recall first; many classes are folded below an excerpt."""
    found = sorted(report.test.per_class, key=lambda each: (each.recall is None, each.recall or 0.0))
    rows = tuple(
        (
            format.name(each.name),
            format.value(each.n),
            _recall(each),
            format.percent(each.precision),
            format.percent(each.f1),
        )
        for each in found
    )
    headings = ("class", "images", "recall", "precision", "F1")
    table = Table(headings, rows, frozenset(range(1, 5)), style="classes sortable")
    if len(rows) <= MOST_ROWS:
        return [replace(table, place="column")]
    return [
        replace(table, rows=rows[:WEAKEST], title="The weakest classes", place="column", page_only=True),
        replace(table, title=f"All {len(rows)} classes", folded=True),
    ]


def _recall(each: ClassScore) -> Cell:
    """The recall with its interval."""
    if each.recall is None:
        return format.DASH
    note = format.span(each.recall_ci95) if each.recall_ci95 else ""
    return Bar(format.percent(each.recall), min(max(each.recall, 0.0), 1.0), note)


def _mistakes(report: Report) -> list[Table]:
    """The most frequent mistakes, if there are too many classes for the figure."""
    if len(report.confusion) <= figures.MOST_CLASSES:
        return []
    rows = tuple(
        (format.name(true), format.name(predicted), f"{images:,}", format.percent(images / total))
        for true, predicted, images, total in report.confused_pairs[:MISTAKES]
    )
    return [
        Table(
            ("true class", "predicted", "images", "share of class"),
            rows,
            frozenset({2, 3}),
            title="The most frequent mistakes",
            place="beside",
            page_only=True,
        )
    ]
