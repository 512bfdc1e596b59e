"""Figures of the trials: cost, freeze depth, learning curves, importance and forecasts."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from autotl.report import figures
from autotl.report.figures import ArmForecast, DepthPoint, TrainingCurve, TrialCost
from autotl.report.figures.trials.pareto import pareto_front
from autotl.report.metric_format import measure_of

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["linear_probe", "finetune"]
LOSS = measure_of("log_loss", higher_is_better=False, percent=False)
WIDTHS = [figures.WIDE, figures.NARROW]


def words(svg: str) -> str:
    return " ".join(text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text"))


def test_the_pareto_front_has_no_trial_that_is_slower_and_no_better() -> None:
    points = [
        TrialCost("linear_probe", 0, 2.0, 0.8),
        TrialCost("finetune", 1, 20.0, 0.9),
        TrialCost("finetune", 2, 30.0, 0.85),
        TrialCost("linear_probe", 3, 2.0, 0.7),
    ]
    assert [each.number for each in pareto_front(points)] == [0, 1]


@pytest.mark.parametrize("width", WIDTHS)
def test_cost_and_score_are_drawn_for_losses_too(width: float) -> None:
    points = [TrialCost("linear_probe", 0, 2.0, 0.8), TrialCost("finetune", 1, 200.0, 0.4)]
    svg = figures.pareto(points, NAMES, measure=LOSS, width=width)
    assert "from the cheapest: linear_probe 0.800 in 2 s; finetune 0.400 in 3 min 20 s" in svg
    marks = list(ET.fromstring(svg).iter(f"{SVG}circle"))
    assert len(marks) == 1 + 1  # the probe and its entry in the legend
    assert figures.pareto(points[:1], NAMES) == ""
    assert figures.pareto([TrialCost("finetune", 0, 0.0, 0.5)] * 2, NAMES) == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_freeze_depth_joins_the_best_scores_and_shows_the_cost(width: float) -> None:
    points = [
        DepthPoint("finetune", 0, 0.80, 30.0),
        DepthPoint("finetune", 0, 0.84, 32.0),
        DepthPoint("finetune", 4, 0.90, 12.0),
        DepthPoint("linear_probe", 6, 0.85, 1.5),
    ]
    svg = figures.depth(points, NAMES, stages=6, width=width)
    assert "Best score of each depth: 0 frozen 84.0%; 4 frozen 90.0%; 6 frozen 85.0%" in svg
    shown = words(svg).split()
    assert {"none", "all"} <= set(shown)
    assert "4 frozen stages: 12 s for one training" in svg
    assert "0 frozen stages: 31 s for one training" in svg  # the median of two trials
    assert figures.depth(points[:2], NAMES, stages=6) == ""


def test_only_trials_with_two_scores_have_a_learning_curve() -> None:
    curve = TrainingCurve("finetune", 3, ((0.1, 0.5), (0.5, 0.7), (0.9, 0.72)))
    alone = TrainingCurve("linear_probe", 4, ((0.9, 0.7),))
    svg = figures.curves([curve, alone], NAMES)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}polyline"))) == 1
    assert "trial 3, finetune: 72.0% at 90% of its training" in svg
    assert "linear_probe" not in words(svg)
    assert figures.curves([alone], NAMES) == ""


def test_settings_are_bars_in_their_order() -> None:
    svg = figures.importance([("lr", 0.7), ("a" * 200, 0.3)], "finetune on tiny")
    assert "lr 70.0%; " in svg
    assert "…" in words(svg)
    assert figures.importance([], "finetune on tiny") == ""


@pytest.mark.parametrize("width", WIDTHS)
def test_an_outcome_outside_of_its_forecast_stands_out(width: float) -> None:
    rows = [
        ArmForecast("finetune", "tiny", 0.87, 0.83, 0.90, 0.88),
        ArmForecast("linear_probe", "tiny", 0.85, 0.83, 0.87, 0.80),
        ArmForecast("from_scratch", "tiny", 0.58, 0.41, 0.74),
    ]
    svg = figures.forecasts(rows, width=width)
    assert "Outside of its interval: 1 outcome." in svg
    diamonds = [each.get("class") for each in ET.fromstring(svg).iter(f"{SVG}polygon")]
    assert diamonds == ["good halo", "good halo", "bad halo"]  # the first is the legend's
    assert figures.forecasts([]) == ""


def test_an_outcome_of_0_is_inside_the_axis() -> None:
    kappa = measure_of("cohen_kappa", higher_is_better=True, percent=False)
    rows = [ArmForecast("finetune", "tiny", 0.5, 0.4, 0.6, 0.0), ArmForecast("knn", "tiny", 0.5, 0.4, 0.6)]
    drawn = ET.fromstring(figures.forecasts(rows, measure=kappa))
    marks = [each for each in drawn.iter(f"{SVG}polygon") if each.get("class") == "bad halo"]
    rulers = [float(each.get("x1", 0)) for each in drawn.iter(f"{SVG}line") if each.get("class") == "rule"]
    assert len(marks) == 1
    places = [float(corner.partition(",")[0]) for corner in marks[0].get("points", "").split()]
    assert min(rulers) == pytest.approx((min(places) + max(places)) / 2, abs=0.2)  # at the ruler of 0
