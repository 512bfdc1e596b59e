"""Write sentences about the forecasts of the arms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autotl.report import format
from autotl.report.document.forecast import ForecastRow
from autotl.report.metric_format import ACCURACY, Measure

MOST = 3
"""Arms in a sentence."""


def expected_scores(rows: Sequence[ForecastRow], measure: Measure) -> str:
    """Write the forecasts of at most three arms for a terminal.

    >>> expected_scores(rows, measure)
    'Expected: finetune .89 ± .03, linear_probe .85 ± .02, scratch_small .45 ± .10.'
    """
    named = [
        f"{_name(row, rows)} {_short(measure, row.expected)} ± {_short(measure, row.deviation)}"
        for row in _shown(rows, measure)
    ]
    if not named:
        return ""
    metric = "" if measure.name == ACCURACY.name else f" {measure.name}"
    return f"Expected{metric}: {', '.join(named)}."


def chances_to_win(rows: Sequence[ForecastRow], measure: Measure) -> str:
    """Write the chances of the same arms; "" without any."""
    named = [f"{_name(row, rows)} {format.percent(row.chance_to_win)}" for row in _shown(rows, measure)]
    return f"Chance to score highest: {', '.join(named)}." if named else ""


def forecast_and_outcome(rows: Sequence[ForecastRow], measure: Measure) -> list[str]:
    """Compare the forecasts with the outcomes."""
    if not (shown := _shown(rows, measure)):
        return []
    named = format.listing(f"{format.name(_name(row, rows))} {score(row, measure)}" for row in shown)
    sentences = [f"Expected validation scores before training: {named}."]
    judged = [row for row in rows if row.inside is not None]
    if judged:
        inside = sum(bool(row.inside) for row in judged)
        sentences.append(
            f"{inside} of {format.count(len(judged), 'outcome')} "
            f"{'lies' if inside == 1 else 'lie'} in the 90% interval of the forecast."
        )
    return [*sentences, *_first(rows, measure)]


def score(row: ForecastRow, measure: Measure) -> str:
    """Write the expected score with its standard deviation: "89.0% ± 3.0 points"."""
    return f"{measure.value(row.expected)} ± {measure.amount(row.deviation or 0.0)}"


def _first(rows: Sequence[ForecastRow], measure: Measure) -> list[str]:
    """Compare the arm with the largest chance with the arm that scored highest."""
    scored = [row for row in rows if row.outcome is not None]
    if len(scored) < 2:
        return []
    first = max(rows, key=lambda row: row.chance_to_win or 0.0)
    best = max(scored, key=lambda row: measure.merit(row.outcome or 0.0))
    if first.outcome is None:
        outcome = "but it has no score"
    elif first.outcome == best.outcome:
        outcome = "and it did"
    else:
        outcome = f"but {format.name(_name(best, rows))} did"
    chance = format.percent(first.chance_to_win)
    return [
        f"{format.name(_name(first, rows))} had the largest chance to score highest ({chance}), {outcome}."
    ]


def _shown(rows: Sequence[ForecastRow], measure: Measure) -> list[ForecastRow]:
    """Return the arms with the largest chances, and the best baseline, best score first."""
    known = [row for row in rows if row.expected is not None]
    ranked = sorted(known, key=lambda row: -(row.chance_to_win or 0.0))
    first, rest = ranked[: MOST - 1], ranked[MOST - 1 :]
    baselines = [] if any(row.baseline for row in first) else [row for row in rest if row.baseline]
    chosen = [*first, *(_best_first(baselines, measure) or rest)[:1]]
    return _best_first(chosen, measure)


def _best_first(rows: Iterable[ForecastRow], measure: Measure) -> list[ForecastRow]:
    return sorted(rows, key=lambda row: -measure.merit(row.expected or 0.0))


def _name(row: ForecastRow, rows: Iterable[ForecastRow]) -> str:
    """Name the strategy, and the backbone if it has several."""
    several = sum(other.strategy == row.strategy for other in rows) > 1
    strategy, backbone = row.strategy or format.DASH, row.backbone or format.DASH
    return f"{strategy} on {backbone}" if several else strategy


def _short(measure: Measure, number: float | None) -> str:
    """Format a score or a deviation with two decimals: ".89"."""
    if number is None or not measure.percent:
        return measure.value(number)
    return f"{number:.2f}".removeprefix("0") if number >= 0 else f"{number:.2f}".replace("-0", "−", 1)
