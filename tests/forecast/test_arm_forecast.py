"""Forecasts of arms: scores, chances to win, and their use."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from autotl import jsonio
from autotl.api import Arm
from autotl.forecast import (
    ACCURACY_SCALE,
    ArmForecast,
    Candidate,
    Case,
    Scale,
    Student,
    forecast_arms,
    shipped_model,
    updated,
    without_hopeless,
)
from autotl.forecast.arm_forecast import chances_to_win

CASE = Case(500, 8, 0.4, ACCURACY_SCALE.logit(0.8))


def made(*names: str, scale: Scale = ACCURACY_SCALE, widening: float = 1.0) -> tuple[ArmForecast, ...]:
    baselines = ("scratch_small", "pixels", "scratch_of_a_plugin")
    candidates = [Candidate(Arm(name, "net"), CASE, name in baselines) for name in names]
    return forecast_arms(shipped_model(), candidates, scale, widening=widening)


def test_the_chances_to_win_add_up_to_one() -> None:
    found = made("linear_probe", "finetune", "scratch_small", "pixels", "unheard_of")
    assert sum(each.chance_to_win for each in found) == pytest.approx(1.0)
    assert all(0 < each.chance_to_win < 1 for each in found)
    (alone,) = made("finetune")
    assert alone.chance_to_win == 1.0
    assert made() == ()


def test_the_chances_are_those_of_a_simulation() -> None:
    logits = [Student(0.0, 1.0, 6.0), Student(0.5, 0.3, 10.0), Student(-1.0, 2.0, 5.0)]
    rng = np.random.default_rng(0)
    drawn = [
        student.rvs(each.freedom, each.location, each.scale, 100_000, random_state=rng) for each in logits
    ]
    shares = np.bincount(np.argmax(drawn, axis=0), minlength=3) / 100_000
    assert chances_to_win(logits) == pytest.approx(shares, abs=0.01)


def test_scores_stay_in_the_bounds_of_the_metric() -> None:
    for each in made("linear_probe", "finetune", "scratch_small"):
        assert 0 <= each.low < each.expected < each.high <= 1
        assert 0 < each.deviation < 0.5
        assert each.known


def test_another_metric_widens_the_interval_and_keeps_its_unit() -> None:
    (plain,), (wide,) = made("finetune"), made("finetune", widening=2.0)
    assert wide.high - wide.low > plain.high - plain.low
    (error,) = made("finetune", scale=Scale(-20.0, 0.0))
    assert error.expected == pytest.approx(-20 + 20 * plain.expected)


def test_an_outcome_on_many_images_replaces_the_forecast() -> None:
    (found,) = made("finetune")
    far = found.low - 0.05
    few, many = updated(found, far, 10), updated(found, far, 100_000)
    assert many == pytest.approx(far, abs=0.01)
    assert far < few < found.expected


def test_an_outcome_as_expected_changes_little() -> None:
    (found,) = made("finetune")
    assert updated(found, found.expected, 50) == pytest.approx(found.expected, abs=0.03)


def test_arms_with_a_small_chance_get_a_reason() -> None:
    arms = made("linear_probe", "finetune", "pixels")
    arms = (arms[0], replace(arms[1], chance_to_win=0.02), arms[2])
    found = without_hopeless(arms, least=0.05, seconds=dict.fromkeys((each.arm for each in arms), 1.0))
    assert [each.not_started for each in found] == ["", "its chance to win was 2.0%", ""]


def test_each_backbone_keeps_its_most_promising_arm_and_asked_strategies_start() -> None:
    strategies, networks = ("linear_probe", "finetune", "lora", "knn"), ("a", "b")
    found = forecast_arms(
        shipped_model(),
        [Candidate(Arm(name, network), CASE, baseline=False) for network in networks for name in strategies],
        ACCURACY_SCALE,
    )
    chances = {"finetune": 0.03, "linear_probe": 0.02, "lora": 0.01, "knn": 0.01}
    arms = [replace(each, chance_to_win=chances[each.arm.strategy]) for each in found]
    seconds = {each.arm: 1.0 if each.arm == Arm("knn", "a") else 2.0 for each in arms}
    found = without_hopeless(arms, least=0.05, seconds=seconds, asked={"lora"})
    left = {each.arm for each in found if each.not_started}
    assert left == {Arm("linear_probe", "a"), Arm("linear_probe", "b"), Arm("knn", "b")}


def test_baselines_plugins_without_rows_the_most_promising_and_the_cheapest_arm_always_start() -> None:
    chances = {
        "linear_probe": 0.04,
        "finetune": 0.03,
        "knn": 0.02,
        "direct": 0.01,
        "plugin": 0.02,
        "pixels": 0.9,
    }
    arms = [replace(each, chance_to_win=chances[each.arm.strategy]) for each in made(*chances)]
    seconds = {each.arm: 1.0 if each.arm.strategy == "direct" else 2.0 for each in arms}
    found = without_hopeless(arms, least=0.05, seconds=seconds)
    assert {each.arm.strategy for each in found if each.not_started} == {"finetune", "knn"}


def test_forecasts_return_from_json() -> None:
    for each in made("finetune", "pixels"):
        assert jsonio.as_type(json.loads(json.dumps(jsonio.plain(each))), ArmForecast) == each
