"""Write sentences about the gap between validation and test scores."""

from __future__ import annotations

from collections.abc import Iterator

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.trials import CopiesCheck, GapReasons
from autotl.report.metric_format import Measure


def validation_gap(report: Report) -> str:
    """Return the gap of the chosen trial with its causes."""
    gap, interval, measure = report.search.optimism, report.search.optimism_ci95, report.measure
    if gap is None:
        return ""
    side = "above" if (gap > 0) == measure.higher_is_better else "below"
    name = measure.name
    text = f"The chosen trial's validation {name} is {measure.amount(gap)} {side} its test {name}"
    if interval is None:
        return text + "."
    low, high = interval if gap > 0 else (-interval[1], -interval[0])
    text += f" (95% interval {measure.gain(low).lstrip('+')} to {measure.gain(high).lstrip('+')})."
    if low <= 0 <= high:
        return f"{text} The interval includes 0, so chance can explain this."
    reasons = report.search.optimism_reasons
    return (
        text
        if gap < 0 or reasons is None
        else " ".join([text, *_causes(reasons, measure, report.words.correct)])
    )


def _causes(reasons: GapReasons, measure: Measure, correct: str) -> Iterator[str]:
    """The causes that were found, the rest of the gap and its uncertainty."""
    found = list(_found(reasons, measure, correct))
    yield from found
    if not found:
        yield f"The cause is not known. {_checked(reasons, measure)}"
    elif reasons.unexplained is not None:
        yield f"The cause of the other {measure.amount(reasons.unexplained)} is not known."
    if reasons.few_images.found:
        yield (
            f"The interval is wide because {format.count(reasons.few_images.validation, 'validation image')} "
            f"and {format.count(reasons.few_images.test, 'test image')} were scored."
        )


def _found(reasons: GapReasons, measure: Measure, correct: str) -> Iterator[str]:
    selection, copies, shift = reasons.selection, reasons.near_copies, reasons.shift
    if copies is not None and copies.found:
        yield from _copies(copies, correct)
    if selection.found:
        yield (
            f"Choosing the best of {format.count(selection.trials, 'trial')} explains at most "
            f"{measure.amount(selection.explains)}."
        )
    if shift is not None and shift.found:
        yield (
            f"Training and test images differ (AUC {shift.auc:.2f}, p = {shift.p:.3f}), "
            f"which can lower test {measure.name}."
        )
        if copies is not None and copies.found:
            yield "Near copies make this p-value too small."


def _copies(found: CopiesCheck, correct: str) -> Iterator[str]:
    pairs = [pair for pair in found.examples if len(pair) == 2]
    example = f", for example {format.name(pairs[0][0])} and {format.name(pairs[0][1])}" if pairs else ""
    usual = "" if found.test_share is None else f" ({found.test_share:.0%} of test images do)"
    yield f"{found.share:.0%} of validation images have a near copy in their training fold{usual}{example}."
    if found.accuracy_with is not None and found.accuracy_without is not None:
        yield (
            f"Validation {correct} is {format.percent(found.accuracy_with)} on them and "
            f"{format.percent(found.accuracy_without)} on the others."
        )
    if found.grouped:
        yield "The named groups do not keep these together: name wider groups with `--group`."
        return
    yield "Name groups of related images with `--group`."
    yield (
        "For folders, write a table with columns of image paths, labels and groups, and give that instead "
        "(docs/data.md)."
    )


def _checked(reasons: GapReasons, measure: Measure) -> str:
    """The checks that found no cause, and the checks that were not made."""
    selection, copies, shift = reasons.selection, reasons.near_copies, reasons.shift
    usual = (
        ""
        if copies is None or copies.test_share is None
        else f", and {copies.test_share:.0%} of test images do"
    )
    checks = (
        "only one trial competed"
        if selection.trials == 1
        else f"choosing the best of {format.count(selection.trials, 'trial')} explains at most "
        f"{measure.amount(selection.explains)}",
        "near copies across folds were not checked"
        if copies is None
        else f"{copies.share:.0%} of validation images have a near copy in their training fold{usual}",
        "a shift between training and test images was not measured"
        if shift is None
        else f"training and test images look alike (p = {shift.p:.3f})",
    )
    return format.sentence("; ".join(checks))
