"""Build the section about the search."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.clock import format_duration
from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.trials import Search, TrialRow
from autotl.report.metric_format import Measure
from autotl.report.section import Cell, Section, Table
from autotl.report.section_figures.trials import search_figures
from autotl.report.sentences.forecasts import forecast_and_outcome, score
from autotl.report.sentences.validation_gap import validation_gap


def section(report: Report) -> Section:
    """Describe the trials, the search gain, the validation gap and the forecasts."""
    compared = forecast_and_outcome(report.search.forecasts, report.measure)
    sentences = (trial_counts(report.search), search_gain(report), validation_gap(report), *compared)
    return Section(
        name="search",
        title="The search",
        link="Search",
        sentences=tuple(filter(None, sentences)),
        tables=(_forecasts(report), _trials(report)),
        figures=search_figures(report),
    )


def trial_table(trials: Sequence[TrialRow], measure: Measure, *, title: str, folded: bool = False) -> Table:
    """Return a row for each trial.

    Args:
        trials: The trials in the order of the rows.
        measure: The metric.
        title: The heading.
        folded: Whether a page shows the table only on a click.
    """
    headings = ("no.", "strategy", "backbone", "settings", "validation", "time", "state")
    rows = tuple(_row(trial, measure) for trial in trials)
    return Table(
        headings, rows, frozenset({0, 4, 5}), title=title, folded=folded, page_only=True, style="trials"
    )


def trial_counts(search: Search) -> str:
    """Return the number of trials by outcome; empty if unknown."""
    if search.trials is None:
        return ""
    outcomes = [
        (search.failed, "failed"),
        (search.pruned, "were pruned"),
        (search.stopped, "ran out of time"),
        (search.gone_on, "were resumed after pruning"),
    ]
    listed = format.listing(f"{count:,} {outcome}" for count, outcome in outcomes if count)
    return f"{format.count(search.trials, 'trial')} ran" + (f"; {listed}." if listed else ".")


def search_gain(report: Report) -> str:
    """Return the gain over the best default; empty without a search."""
    search, measure = report.search, report.measure
    gain = search.gain_over_best_default
    if search == Search():
        return ""
    if search.winner_is_default:
        return "The best trial has default settings: the search gained nothing."
    if gain.value is None:
        return "The gain over the best default was not measured: no default was scored."
    if gain.ci95 is None:
        return f"Search gained {measure.gain(gain.value)}{measure.unit} over the best default."
    half = measure.amount((gain.ci95[1] - gain.ci95[0]) / 2)
    return (
        f"Search gained {measure.gain(gain.value)} ± {half} over the best default "
        f"(95% interval on the test images: {measure.between_gains(gain.ci95)})."
    )


def _forecasts(report: Report) -> Table:
    measure = report.measure
    rows = tuple(
        (
            format.name(each.strategy),
            format.name(each.backbone),
            score(each, measure),
            f"{measure.value(each.low)} – {measure.value(each.high)}",
            format.percent(each.chance_to_win),
            measure.value(each.outcome),
            format.DASH if each.inside is None else format.value(each.inside),
            measure.value(each.updated),
        )
        for each in report.search.forecasts
    )
    headings = (
        "strategy", "backbone", "expected", "90% interval", "chance to win", "outcome", "inside", "combined",
    )  # fmt: skip
    title = "Forecasts before training, and outcomes in validation"
    return Table(headings, rows, frozenset(range(2, 8)), title=title, folded=True)


def _trials(report: Report) -> Table:
    title = f"All {len(report.trials)} trials"
    return trial_table(report.trials, report.measure, title=title, folded=True)


def _row(trial: TrialRow, measure: Measure) -> tuple[Cell, ...]:
    return (
        format.value(trial.number),
        format.name(trial.strategy),
        format.name(trial.backbone),
        format.value(trial.params) + (" (default)" if trial.default else ""),
        measure.value(trial.score),
        format.DASH if trial.seconds is None else format_duration(trial.seconds),
        ": ".join(format.value(each) for each in (trial.state, trial.why) if each),
    )
