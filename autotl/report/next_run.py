"""Advise more time or groups of images for the next run."""

from __future__ import annotations

from collections.abc import Iterator

from autotl.clock import format_duration
from autotl.report import format
from autotl.report.document.next_data import NextData
from autotl.report.document.report import Report

RELEVANT_GAIN = 0.005
"""The smallest gain for which more images or more time are advised: half a point."""
FIXED_SCALE = frozenset({"r2", "spearman", "auroc"})
"""Metrics with a fixed scale that reports do not show in percent."""
LAST_PART = 1 / 3
"""Share of the search in which the best score must have risen."""
MIN_SCORED = 6
"""Fewest scored trials from which the rise of the best score is judged."""
MIN_CHANCE = 0.1
"""Smallest chance of the arms without a score for which more time is advised."""


def more_time(report: Report) -> Iterator[NextData]:
    """Advise more time.

    Reasons are a best score that still rose, and likely winners that were not tried.
    """
    if report.cost.budget_seconds is None:
        return
    rise, chance = _late_rise(report), _chance_of_untried(report)
    reasons = []
    if rise >= RELEVANT_GAIN * _scale(report):
        reasons.append(
            f"the best validation {report.measure.name} still improved by {report.measure.amount(rise)} in "
            "the last third of the search"
        )
    if chance >= MIN_CHANCE:
        reasons.append(
            f"the forecast gives the arms without a score a chance of {format.percent(chance)} to score "
            "highest"
        )
    if reasons:
        budget = format_duration(report.cost.budget_seconds)
        known = rise >= RELEVANT_GAIN * _scale(report)
        stake = min(1.0, rise / _scale(report)) if known else None
        sentence = f"Give a longer `--budget` than {budget}: {' and '.join(reasons)}."
        yield NextData("search", "time", stake, sentence)


def name_groups(report: Report) -> Iterator[NextData]:
    """Advise groups if near copies explain a high validation score."""
    gap, reasons = report.search.optimism, report.search.optimism_reasons
    copies = reasons.near_copies if reasons is not None else None
    if gap is None or copies is None or not copies.found or copies.grouped:
        return
    measure = report.measure
    sentence = (
        f"Name groups of related images with `--group`: {copies.share:.0%} of the validation images have a "
        f"near copy in their training fold, and the validation {measure.name} is {measure.amount(gap)} "
        "better than the test score."
    )
    yield NextData("group", "groups of images", min(1.0, abs(gap) / _scale(report)), sentence)


def _scale(report: Report) -> float:
    """Return the unit of a gain: 1, or the score itself for errors."""
    fixed = report.test.percent or report.test.metric in FIXED_SCALE
    return 1.0 if fixed else abs(report.test.value or 1.0)


def _late_rise(report: Report) -> float:
    """Return by how much the best score rose in the last third of the search; 0 with few trials."""
    scored = [
        (each.finished_at, report.measure.merit(each.score))
        for each in report.trials
        if each.finished_at is not None and each.score is not None
    ]
    if len(scored) < MIN_SCORED:
        return 0.0
    end = report.cost.search_seconds or max(seconds for seconds, _ in scored)
    early = [score for seconds, score in scored if seconds <= (1 - LAST_PART) * end]
    return max(0.0, max(score for _, score in scored) - max(early)) if early else 0.0


def _chance_of_untried(report: Report) -> float:
    """Return the forecast probability that an arm without a score is the best."""
    return sum(each.chance_to_win or 0.0 for each in report.search.forecasts if each.outcome is None)
