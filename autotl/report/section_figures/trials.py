"""Build the figures of the trials."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.report import figures, format
from autotl.report.document.report import Report
from autotl.report.document.trials import TrialRow
from autotl.report.metric_format import Measure
from autotl.report.section import Figure

FROZEN = frozenset({"linear_probe", "mlp_probe", "knn", "nearest_mean", "multi_layer_probe", "direct"})
"""Strategies that keep all stages frozen."""
FREEZE = "freeze"
"""Setting with the number of frozen stages."""


def how_figures(report: Report) -> tuple[Figure, ...]:
    """Return scores by freeze depth, and learning curves of the trials."""
    order, measure = strategies(report), report.measure
    stages = len(report.what.transferred_stages or ())
    return (
        Figure(
            "depth",
            "Validation score of complete trials by the number of frozen stages; the line joins the best of "
            "each depth. Below: the median time of one training.",
            lambda width: figures.depth(
                _depths(report, stages), order, stages=stages, measure=measure, width=width
            ),
            place="half",
        ),
        Figure(
            "curves",
            "Validation score on the first fold while the best trials were trained. A line that ends early "
            "was pruned or ran out of time.",
            lambda width: figures.curves(_curves(report), order, measure=measure, width=width),
            place="half",
        ),
    )


def search_figures(report: Report) -> tuple[Figure, ...]:
    """Return the figures of the search, in their order."""
    order, measure = strategies(report), report.measure
    return (
        score_figure(report.trials, measure),
        Figure(
            "pareto",
            "Validation score of complete trials by the time of one training. No trial is both cheaper and "
            "better than one on the line.",
            lambda width: figures.pareto(_costs(report), order, measure=measure, width=width),
            place="half",
        ),
        Figure(
            "importance",
            _importance_caption(report),
            lambda width: _draw_importance(report, width),
            place="half",
        ),
        Figure(
            "forecasts",
            "Forecast of each arm's best validation score before training (bar), its expected score (line), "
            "and the outcome (mark; orange outside of the bar).",
            lambda width: figures.forecasts(_forecasts(report), measure=measure, width=width),
            place="half",
        ),
    )


def score_figure(trials: Sequence[TrialRow], measure: Measure) -> Figure:
    """Return the drawing of the validation scores over time."""
    return Figure(
        "search",
        "Each mark is a trial; larger marks are defaults. The line is the best score so far.",
        lambda width: figures.search(_scores(trials), measure=measure, width=width),
        place="half",
    )


def strategies(report: Report) -> list[str]:
    """Return the strategies in the order of their first trial."""
    return list(dict.fromkeys(format.value(trial.strategy) for trial in report.trials))


def _scores(trials: Sequence[TrialRow]) -> list[figures.TrialScore]:
    return [
        figures.TrialScore(format.value(trial.strategy), trial.finished_at, trial.score, trial.default)
        for trial in trials
        if trial.finished_at is not None
    ]


def _seconds(trial: TrialRow) -> float | None:
    """Return the seconds of one training of a trial; None if unknown."""
    if trial.seconds is None or trial.seconds <= 0:
        return None
    return trial.seconds / max(1, trial.folds or 1)


def _is_whole(trial: TrialRow) -> bool:
    """Whether a trial was trained to its end.

    Others are cheaper and worse than their settings are.
    """
    return trial.state in {None, "complete"} and not trial.look


def _costs(report: Report) -> list[figures.TrialCost]:
    return [
        figures.TrialCost(format.value(trial.strategy), trial.number or 0, seconds, trial.score)
        for trial in report.trials
        if _is_whole(trial) and trial.score is not None and (seconds := _seconds(trial)) is not None
    ]


def _depths(report: Report, stages: int) -> list[figures.DepthPoint]:
    """Return the trials of the winner's network whose freeze depth is known."""
    return [
        figures.DepthPoint(format.value(trial.strategy), frozen, trial.score, seconds)
        for trial in report.trials
        if trial.backbone == report.what.backbone and trial.score is not None and _is_whole(trial)
        if (seconds := _seconds(trial)) is not None and (frozen := _frozen(trial, stages)) is not None
    ]


def _frozen(trial: TrialRow, stages: int) -> int | None:
    if trial.strategy in FROZEN:
        return stages
    depth = trial.params.get(FREEZE)
    return depth if isinstance(depth, int) and not isinstance(depth, bool) and 0 <= depth <= stages else None


def _curves(report: Report) -> list[figures.TrainingCurve]:
    return [
        figures.TrainingCurve(format.value(trial.strategy), trial.number or 0, trial.curve)
        for trial in report.trials
        if trial.curve
    ]


def _importance_caption(report: Report) -> str:
    found = report.search.importances
    if found is None:
        return "Importance of the settings."
    return (
        f"Share of the variance of the scores of {format.count(found.trials, 'trial')} that each setting of "
        f"{format.value(found.strategy)} on {format.value(found.backbone)} explains (fANOVA)."
    )


def _draw_importance(report: Report, width: float) -> str:
    found = report.search.importances
    if found is None:
        return ""
    shares = [
        (format.value(each.name), each.share)
        for each in found.parameters
        if each.share is not None and each.name
    ]
    arm = f"{format.value(found.strategy)} on {format.value(found.backbone)}"
    return figures.importance(shares, arm, width=width)


def _forecasts(report: Report) -> list[figures.ArmForecast]:
    rows = [
        figures.ArmForecast(
            format.value(each.strategy),
            format.value(each.backbone),
            each.expected,
            each.low,
            each.high,
            each.outcome,
        )
        for each in report.search.forecasts
        if each.expected is not None and each.low is not None and each.high is not None
    ]
    return sorted(rows, key=lambda row: -report.measure.merit(row.expected))
