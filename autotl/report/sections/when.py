"""Build the section about whether transfer pays on this data."""

from __future__ import annotations

from autotl.evaluation.number_text import significant
from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import When
from autotl.report.section import Section, Table
from autotl.report.section_figures.gains import gain_figures
from autotl.report.sections.summary import caveat
from autotl.report.sentences import predictions, source_similarity
from autotl.report.sentences.contributions import contributions
from autotl.report.sentences.transfer_gain import transfer_gain


def section(report: Report) -> Section:
    """Describe the gain, the data, its similarity and the predictions."""
    backbone = report.verdict.backbone or report.what.backbone or ""
    sentences = [
        *transfer_gain(report),
        *_limits(report),
        *contributions(report),
        _data(report),
        source_similarity.similarity(report.when, backbone),
        source_similarity.departure(report.when, backbone),
        source_similarity.overlap(report.when, backbone),
        format.sentence(report.when.choice.sentence),
        *predictions.rule_of_thumb(report),
        predictions.experience(report.when),
        _learning_curve(report),
        format.sentence(report.when.catch_up.sentence),
        _negative_transfer(report),
    ]
    return Section(
        name="when",
        title="When does transfer pay here?",
        link="When",
        sentences=tuple(filter(None, sentences)),
        tables=(_negative_classes(report), similarity_table(report.when), score_table(report.when)),
        figures=gain_figures(report),
    )


def similarity_table(when: When) -> Table:
    """Return each similarity with its distance, interval and p-value."""
    rows = tuple(
        (
            format.name(backbone),
            format.value(measure),
            format.value(found.value),
            _decimals(found.calibrated, 2),
            _decimal_span(found.ci95),
            _decimals(found.p, 3),
            format.value(found.reference),
        )
        for backbone, measures in when.similarity.items()
        for measure, found in measures.items()
    )
    headings = ("backbone", "measure", "distance", "similarity", "95% interval", "p", "reference")
    return Table(headings, rows, frozenset({2, 3, 4, 5}), title="All similarities", folded=True)


def score_table(when: When) -> Table:
    """Return the transferability scores of each backbone."""
    several = len(when.transferability) > 1
    rows = tuple(
        (
            format.name(backbone),
            format.value(score) + (" (decides)" if score == when.choice.by else ""),
            format.value(found.value),
            f"{format.value(found.ci95[0])} – {format.value(found.ci95[1])}" if found.ci95 else format.DASH,
            _compared(found.behind) or ("best" if several else ""),
        )
        for backbone, scores in when.transferability.items()
        for score, found in scores.items()
    )
    headings = ("backbone", "score", "value", "95% interval", "compared with the best")
    title = "Transferability scores before training"
    return Table(headings, rows, frozenset({2, 3}), title=title, folded=True)


def _limits(report: Report) -> list[str]:
    """The caveat and the cost of the comparison, if the gain was measured."""
    gain = report.when.transfer_gain
    if gain is None or gain.value is None:
        return []
    return [caveat(report), format.sentence(report.verdict.cost)]


def _data(report: Report) -> str:
    when = report.when
    if when.n_train is None:
        return ""
    images = when.n_train_by_network.get(report.verdict.backbone or "", when.n_train)
    text = f"The model was trained on {format.count(images, 'image')}"
    if when.n_classes is not None:
        text += f" of {format.count(when.n_classes, report.words.one, report.words.several)}"
    if when.min_per_class is not None and report.target.kind == "single_label":
        text += f", {when.min_per_class:,} in the smallest class"
    if when.image_side is not None:
        text += f". The {report.inputs.size} is {format.value(when.image_side)} {report.inputs.unit}"
    return text + "."


def _learning_curve(report: Report) -> str:
    curve = report.when.learning_curve
    if curve is None or not curve.sentence:
        return ""
    of = "" if report.target.kind == "single_label" else f" ({report.words.correct})"
    return f"Learning curve of the linear probe{of}: {curve.sentence}"


def _negative_transfer(report: Report) -> str:
    found, numbers = report.when.negative_transfer_classes, report.target.kind == "regression"
    if not found:
        return ""
    names = [f"{format.name(each.name)} ({_change(each.difference, report)})" for each in found]
    several = "ranges" if numbers else report.words.several
    amount = (
        f"one {'range' if numbers else report.words.one}" if len(found) == 1 else f"{len(found):,} {several}"
    )
    verb = "has larger errors" if numbers else "scores lower"
    return f"Transfer {verb} on {amount}: {format.listing(names)}."


def _change(difference: float | None, report: Report) -> str:
    """The gain on a class or label in points, or that of a number's absolute error."""
    if report.target.kind != "regression":
        return f"{format.points(difference)} points"
    return format.DASH if difference is None else significant(difference, signed=True)


def _negative_classes(report: Report) -> Table:
    numbers = report.target.kind == "regression"
    rows = tuple(
        (
            format.name(each.name),
            _change(each.difference, report).removesuffix(" points"),
            _ends(each.ci95, numbers=numbers),
        )
        for each in report.when.negative_transfer_classes
    )
    if numbers:
        headings = ("range", "lower error", "95% interval")
        return Table(headings, rows, frozenset({1}), title="Ranges on which transfer hurts")
    headings = (report.words.one, "gain in points", "95% interval")
    title = f"{report.words.several.capitalize()} on which transfer hurts"
    return Table(headings, rows, frozenset({1}), title=title)


def _ends(ci95: tuple[float, float] | None, *, numbers: bool) -> str:
    if numbers and ci95:
        return " – ".join(significant(end, signed=True) for end in ci95)
    return format.between_points(ci95) or format.DASH


def _compared(behind: tuple[float, float, float] | None) -> str:
    if behind is None or not any(behind):
        return ""
    return "lower" if behind[2] < 0 else "not significant"


def _decimals(number: float | None, digits: int) -> str:
    return format.DASH if number is None else f"{number:.{digits}f}"


def _decimal_span(ci95: tuple[float, float] | None) -> str:
    return f"{ci95[0]:.2f} – {ci95[1]:.2f}" if ci95 else format.DASH
