"""Write the heading of the page: the delivered model with its score."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report


def headline(report: Report) -> str:
    """Name the delivered model with its test score; empty without a score."""
    test, found, measure = report.test, report.verdict, report.measure
    if test.value is None or not found.strategy:
        return ""
    arm = " on ".join(format.name(each) for each in (found.strategy, found.backbone) if each)
    ensemble = report.how.ensemble
    if ensemble is not None and ensemble.kept:
        networks = format.count(len(set(ensemble.trials)), "network")
        arm = f"An ensemble of {networks} led by {arm}"
    interval = f" (95% interval {measure.span(test.ci95)})" if test.ci95 else ""
    return f"{arm}: {measure.value(test.value)} test {measure.name}{measure.remark}{interval}"


def extremes(report: Report) -> str:
    """Name the best and the worst class; empty without classes."""
    scored = [each for each in report.test.per_class if each.recall is not None and each.n]
    if len(scored) < 2:
        return ""
    best = max(scored, key=lambda each: each.recall or 0.0)
    worst = min(scored, key=lambda each: each.recall or 0.0)
    if best.recall == worst.recall:
        return ""
    taken = next((pair[1] for pair in report.confused_pairs if pair[0] == worst.name), None)
    mostly = f", most often taken for {format.name(taken)}" if taken else ""
    return (
        f"Best class: {format.name(best.name)}, {format.percent(best.recall)} recognised. "
        f"Worst: {format.name(worst.name)}, {format.percent(worst.recall)}{mostly}."
    )
