"""Forecasts are written in the metric's own numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autotl.report import ForecastRow, chances_to_win, expected_scores, html, markdown, measure_of, parse
from autotl.report.metric_format import ACCURACY
from autotl.report.sections import search
from autotl.report.sentences.forecasts import forecast_and_outcome

FINETUNE = ForecastRow("finetune", "net", False, 0.89, 0.03, 0.83, 0.94, 0.7, 0.9, True, 0.9)
PROBE = ForecastRow("linear_probe", "net", False, 0.85, 0.02, 0.81, 0.88, 0.2, 0.92, False, 0.88)
DIRECT = ForecastRow("direct", "net", False, 0.7, 0.1, 0.5, 0.85, 0.09, None, None, None)
SCRATCH = ForecastRow("from_scratch", "net", True, 0.45, 0.1, 0.3, 0.6, 0.01, 0.5, True, 0.5)
ROWS = [SCRATCH, PROBE, DIRECT, FINETUNE]


def test_three_arms_are_named_with_their_spread() -> None:
    expected = "Expected: finetune .89 ± .03, linear_probe .85 ± .02, from_scratch .45 ± .10."
    assert expected_scores(ROWS, ACCURACY) == expected
    assert chances_to_win(ROWS, ACCURACY).startswith("Chance to score highest: finetune 70.0%, ")


def test_without_a_baseline_the_third_arm_is_named() -> None:
    expected = "Expected: finetune .89 ± .03, linear_probe .85 ± .02, direct .70 ± .10."
    assert expected_scores([PROBE, DIRECT, FINETUNE], ACCURACY) == expected
    assert expected_scores([], ACCURACY) == ""
    assert forecast_and_outcome([], ACCURACY) == []


def test_an_error_is_named_in_its_unit_smallest_first() -> None:
    mae = measure_of("mae", higher_is_better=False, percent=False)
    rows = [replace(PROBE, expected=2.5, deviation=0.31), replace(FINETUNE, expected=1.7, deviation=0.2)]
    assert expected_scores(rows, mae) == "Expected MAE: finetune 1.70 ± 0.200, linear_probe 2.50 ± 0.310."


def test_backbones_are_named_if_a_strategy_has_several() -> None:
    rows = [FINETUNE, replace(FINETUNE, backbone="other", expected=1.0, deviation=0.0)]
    expected = "Expected: finetune on other 1.00 ± .00, finetune on net .89 ± .03."
    assert expected_scores(rows, ACCURACY) == expected


def test_the_outcome_is_compared_with_the_forecast() -> None:
    sentences = forecast_and_outcome(ROWS, ACCURACY)
    assert sentences[0].startswith(
        "Expected validation scores before training: `finetune` 89.0% ± 3.0 points, "
    )
    assert sentences[1] == "2 of 3 outcomes lie in the 90% interval of the forecast."
    assert (
        sentences[2] == "`finetune` had the largest chance to score highest (70.0%), but `linear_probe` did."
    )
    won = forecast_and_outcome([SCRATCH, replace(PROBE, outcome=0.8), FINETUNE], ACCURACY)
    assert won[2].endswith("(70.0%), and it did.")
    untested = forecast_and_outcome([SCRATCH, PROBE, replace(FINETUNE, outcome=None)], ACCURACY)
    assert untested[2].endswith("but it has no score.")


def test_every_form_of_the_report_has_the_table(sample: dict[str, Any]) -> None:
    report = parse(sample)
    assert len(report.search.forecasts) == 3
    (table,) = (each for each in search.section(report).tables if each.title.startswith("Forecasts"))
    assert len(table.rows) == 3
    for form in (markdown(report), html(report)):
        assert "chance to win" in form
        assert "Expected validation scores before training" in form


def test_a_report_without_forecasts_says_nothing(sample: dict[str, Any]) -> None:
    del sample["search"]["forecasts"]
    assert "Expected validation" not in markdown(parse(sample))
