"""Build the figures of the gain of transfer and of more images."""

from __future__ import annotations

from statistics import median

from autotl.experience import shipped_gains
from autotl.report import figures, format
from autotl.report.document.report import Report
from autotl.report.document.when import CurvePoint, GainForecast, When
from autotl.report.section import Figure
from autotl.report.sentences import source_similarity


def gain_figures(report: Report) -> tuple[Figure, ...]:
    """Return the figures of the section, in their order."""
    return (
        Figure(
            "gain",
            "The dot is the measured gain, the bar its 95% interval. "
            "If the bar crosses zero, no difference could be measured.",
            lambda width: _draw_gain(report, width),
            place="beside",
        ),
        similarity_figure(report.when),
        Figure(
            "size",
            "Gain of transfer on public data sets, in points of accuracy over the best model without "
            "transfer, measured with one minute on two CPU cores. The ring is your data.",
            lambda width: _draw_sizes(report, width),
            place="half",
        ),
        learning_figure(report),
        Figure(
            "class_gains",
            _class_caption(report),
            lambda width: _draw_classes(report, width),
            place="half",
        ),
    )


def similarity_figure(when: When) -> Figure:
    """Return the drawing of the calibrated similarities."""
    return Figure(
        "similarity",
        "Distance between features of this data and of each source, on a scale from 0 (noise) to "
        "1 (the source data).",
        lambda width: figures.similarity(_similarity_rows(when), width=width),
        place="beside",
    )


def learning_figure(report: Report) -> Figure:
    """Return the drawing of the probe's learning curve and its forecast."""
    return Figure(
        "learning",
        "Accuracy of a linear probe with fewer training images, and the forecast for more, both with 95% "
        "intervals.",
        lambda width: _draw_learning(report, width),
        place="half",
    )


def _draw_gain(report: Report, width: float) -> str:
    gain = report.when.transfer_gain
    if gain is None or gain.value is None:
        return ""
    return figures.gain(gain.value, gain.ci95, p=gain.p, measure=report.measure, width=width)


def _similarity_rows(when: When) -> list[figures.SimilarityRow]:
    return [
        figures.SimilarityRow(backbone, measure, found.calibrated, found.ci95)
        for backbone, measures in when.similarity.items()
        for measure, found in measures.items()
        if found.calibrated is not None
    ]


def _draw_sizes(report: Report, width: float) -> str:
    own = _own_spot(report)
    if own is None:
        return ""
    spots = [
        figures.Spot(each.data, each.per_class, each.likeness, each.verdict, each.gain)
        for each in shipped_gains()
    ]
    return figures.size(spots, own, width=width)


def _own_spot(report: Report) -> figures.Spot | None:
    """This data by size and by similarity to the winner's source; None if either is unknown."""
    when = report.when
    known = {name: source_similarity.calibrated(when, name) for name in when.similarity}
    medians = {name: median(found) for name, found in known.items() if found}
    if report.target.kind != "single_label" or not medians or not when.n_train or not when.n_classes:
        return None
    similarity = medians.get(report.verdict.backbone or "", max(medians.values()))
    return figures.Spot("this data", when.n_train / when.n_classes, similarity)


def _draw_learning(report: Report, width: float) -> str:
    curve = report.when.learning_curve
    if curve is None:
        return ""
    measured = [point for each in curve.points if (point := _measured(each))]
    last = measured[-1].n if measured else 0
    forecast = [point for each in curve.forecast if (point := _forecast(each, curve.now)) and point.n > last]
    return figures.learning(measured, forecast, now=curve.now, name=report.words.correct, width=width)


def _measured(point: CurvePoint) -> figures.SizePoint | None:
    if not point.n or point.score is None:
        return None
    half = None if point.se is None else 1.96 * point.se
    ends = None if half is None else (max(0.0, point.score - half), min(1.0, point.score + half))
    return figures.SizePoint(point.n, point.score, ends)


def _forecast(each: GainForecast, now: int | None) -> figures.SizePoint | None:
    if each.more is None or each.score is None or now is None:
        return None
    return figures.SizePoint(now + each.more, each.score, each.score_ci95)


def _class_caption(report: Report) -> str:
    several = "ranges" if report.target.kind == "regression" else report.words.several
    gained = {
        "regression": "lower absolute error",
        "multi_label": "accuracy",
    }.get(report.target.kind, "recall")
    return (
        f"Gain of transfer in {gained}, with 95% intervals. Colour marks {several} whose gain differs from "
        f"zero after Holm's correction for all {several}."
    )


def _draw_classes(report: Report, width: float) -> str:
    bars = [
        figures.ClassGainBar(format.value(each.name), each.gain, each.ci95, each.significant)
        for each in report.when.class_gains
        if each.gain is not None
    ]
    numbers = report.target.kind == "regression"
    noun = "range" if numbers else report.words.one
    return figures.class_gains(bars, in_points=not numbers, noun=noun, width=width)
