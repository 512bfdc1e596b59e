"""The verdict follows from the interval, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm, Record, Temperature
from autotl.evaluation import (
    ArmFinding,
    ClassScore,
    Evaluation,
    FinalPredictions,
    Findings,
    Gain,
    Leaks,
    SingleLabelScores,
    TransferSummary,
    forecast_plateau,
    judge,
)

SCORES = SingleLabelScores((ClassScore("a", 100, 0.8, 0.8, 0.8),), 0.1, ((80,),))
EVALUATION = Evaluation("accuracy", 0.8, (0.7, 0.9), 100, SCORES, 0.5)


def findings(gain: Gain | None, why: str = "") -> Findings:
    winner = Record(0, Arm("linear_probe", "net"), {}, True, "complete", 0.8, 5, 1, 1.0)
    baseline = Record(1, Arm("from_scratch", "net"), {}, True, "complete", 0.6, 1, 9, 9.0)
    return Findings(
        predictions=FinalPredictions(np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.float32)),
        winner=winner,
        refit=False,
        input_size=64,
        test=EVALUATION,
        arms={},
        transfer=winner,
        baseline=baseline if gain else None,
        transfer_gain=gain,
        why_no_gain=why,
        negative_transfer_classes=(),
        search_gain=None,
        transfer_summary=TransferSummary((), (), ""),
        images_per_second=1.0,
    )


@pytest.mark.parametrize(
    ("ci95", "transfer"),
    [
        ((0.01, 0.2), "helps"),
        ((-0.01, 0.2), "no_measurable_difference"),
        ((0.0, 0.2), "no_measurable_difference"),
        ((-0.2, 0.0), "no_measurable_difference"),
        ((-0.2, -0.01), "hurts"),
    ],
)
def test_the_interval_decides(ci95: tuple[float, float], transfer: str) -> None:
    verdict = judge(findings(Gain(sum(ci95) / 2, ci95, 100, 0.001)))
    assert verdict.transfer == transfer
    assert verdict.strategy == "linear_probe"


def test_a_gain_that_was_not_measured_is_reported_as_such() -> None:
    verdict = judge(findings(None, "out of memory: 9 GiB"))
    assert verdict.transfer is None
    assert "not measured: out of memory: 9 GiB" in verdict.sentence


def test_the_sentence_names_both_sides_and_the_cost_what_each_took() -> None:
    verdict = judge(findings(Gain(0.2, (0.1, 0.3), 100, 0.001)))
    assert verdict.sentence == (
        "Transfer helps: linear_probe on net scores +20.0 points against from_scratch on net "
        "(95% interval +10.0 to +30.0)."
    )
    assert verdict.cost == "One training took 0.2 s (linear_probe) and 9.0 s (from_scratch)."
    assert verdict.caveat == ""


def test_the_baseline_comes_first_if_transfer_hurts() -> None:
    verdict = judge(findings(Gain(-0.2, (-0.3, -0.1), 100, 0.001)))
    assert verdict.sentence == (
        "Transfer hurts, train from scratch: from_scratch on net scores +20.0 points against "
        "linear_probe on net (95% interval +10.0 to +30.0)."
    )
    assert (verdict.strategy, verdict.backbone) == ("linear_probe", "net")  # what is delivered
    assert verdict.cost


def test_hurts_is_limited_to_the_budget_if_a_strategy_was_never_scored() -> None:
    verdict = judge(findings(Gain(-0.2, (-0.3, -0.1), 100, 0.001)), ["finetune", "finetune"])
    assert verdict.sentence.startswith("Transfer hurts within this budget, train from scratch: ")
    assert verdict.caveat == "There was no time to score finetune: with more time, transfer may do better."


def test_the_gain_is_reported_without_a_measurable_difference() -> None:
    verdict = judge(findings(Gain(-0.02, (-0.1, 0.06), 100, 0.6)))
    assert verdict.sentence == (
        "Transfer makes no measurable difference: linear_probe on net scores −2.0 points against "
        "from_scratch on net (95% interval −10.0 to +6.0)."
    )
    assert verdict.cost


def forecast(found: Findings, more: float, *, epochs: int = 30, unit: float = 1.0) -> Findings:
    """The findings with a forecast of what more training would add, give or take 0.02."""
    assert found.baseline is not None
    assert found.transfer_gain is not None
    ends = (max(0.0, more - 0.02), more + 0.02)
    plateau = forecast_plateau(
        found.baseline.arm, epochs, more, ends, gain=found.transfer_gain.value, accuracy_scale=unit
    )
    return replace(found, plateau=plateau)


@pytest.mark.parametrize(
    ("ci95", "said"),
    [
        ((0.1, 0.3), "Transfer helps within this budget: "),
        ((-0.1, 0.3), "Transfer makes no measurable difference within this budget: "),
    ],
)
def test_a_baseline_that_still_improves_limits_the_verdict_to_the_budget(
    ci95: tuple[float, float], said: str
) -> None:
    found = findings(Gain(sum(ci95) / 2, ci95, 100, 0.001))
    gain = sum(ci95) / 2
    verdict = judge(forecast(found, 0.05))
    assert verdict.sentence.startswith(said)
    low, high = (f"{100 * (gain - end):+.1f}" for end in (0.07, 0.03))
    assert verdict.caveat == (
        "from_scratch was still improving after 30 epochs. If it were trained to its plateau, the gain of "
        f"transfer is expected between {low} and {high} points, by the forecast alone."
    )
    assert "within" not in judge(forecast(found, 0.009)).sentence
    assert judge(forecast(found, 0.009)).caveat == ""
    assert "after 1 epoch. " in judge(forecast(found, 0.05, epochs=1)).caveat


def test_harm_within_a_budget_is_harm_beyond_it() -> None:
    verdict = judge(forecast(findings(Gain(-0.2, (-0.3, -0.1), 100, 0.001)), 0.05))
    assert verdict.sentence.startswith("Transfer hurts, train from scratch: ")
    assert verdict.caveat == ""


def learned(
    found: Findings,
    ci95: tuple[float, float],
    *,
    constant: float | None = 0.5,
    validated: float | None = 0.52,
) -> Findings:
    """The findings with the baseline's test and validation scores, beside that of a constant answer."""
    assert found.baseline is not None
    test = replace(found.test, value=sum(ci95) / 2, ci95=ci95, always_majority=constant)
    baseline = replace(found.baseline, score=validated)
    return replace(found, baseline=baseline, arms={baseline.arm: ArmFinding(baseline, None, test)})


@pytest.mark.parametrize(
    ("ci95", "constant", "state", "more", "measured"),
    [
        ((0.45, 0.55), 0.5, "complete", 0.05, False),
        ((0.45, 0.55), 0.5, "stopped", None, False),
        ((0.45, 0.5), 0.5, "stopped", None, False),
        ((0.51, 0.55), 0.5, "stopped", None, True),  # it has learned something
        ((0.45, 0.55), 0.5, "complete", 0.001, True),  # it had all the time that it needs
        ((0.45, 0.55), 0.5, "complete", None, True),
        ((0.45, 0.55), None, "stopped", None, True),  # the metric cannot tell
    ],
)
@pytest.mark.parametrize("gain", [0.3, 0.0, -0.3])
def test_a_baseline_that_was_cut_short_at_chance_is_not_judged(
    ci95: tuple[float, float],
    constant: float | None,
    state: Any,
    more: float | None,
    measured: bool,
    gain: float,
) -> None:
    found = findings(Gain(gain, (gain - 0.1, gain + 0.1), 100, 0.001))
    assert found.baseline is not None
    found = learned(replace(found, baseline=replace(found.baseline, state=state)), ci95, constant=constant)
    verdict = judge(found if more is None else forecast(found, more))
    if measured:
        assert "not measured" not in verdict.sentence
        assert verdict.cost
        return
    assert verdict.transfer is None
    assert verdict.sentence.endswith(
        "not measured: from_scratch on net had no time to learn more than the largest class."
    )
    assert verdict.cost == verdict.caveat == ""


@pytest.mark.parametrize(("validated", "measured"), [(None, False), (0.54, False), (0.56, True)])
def test_a_baseline_that_fails_in_the_test_alone_has_learned(validated: float | None, measured: bool) -> None:
    found = learned(findings(Gain(0.3, (0.2, 0.4), 100, 0.001)), (0.45, 0.55), validated=validated)
    assert ("not measured" not in judge(forecast(found, 0.05)).sentence) == measured


def test_the_forecast_of_another_baseline_does_not_cut_this_one_short() -> None:
    found = learned(findings(Gain(0.3, (0.2, 0.4), 100, 0.001)), (0.45, 0.55))
    other = replace(forecast(found, 0.05), plateau=forecast_plateau(
        Arm("other", "net"), 30, 0.05, (0.03, 0.07), gain=0.3, accuracy_scale=1.0
    ))  # fmt: skip
    verdict = judge(other)
    assert verdict.transfer == "helps"
    assert verdict.caveat.startswith("other was still improving")


def test_a_metric_with_lower_is_better_is_reported_in_its_own_numbers() -> None:
    loss = replace(EVALUATION, metric="log_loss", higher_is_better=False, percent=False)
    found = replace(findings(Gain(0.4, (0.2, 0.6), 100, 0.001)), test=loss)
    verdict = judge(forecast(found, 0.05, unit=1.0))
    assert verdict.sentence == (
        "Transfer helps within this budget: linear_probe on net is +0.400 better in log loss (lower is "
        "better) against from_scratch on net (95% interval +0.200 to +0.600)."
    )
    assert verdict.caveat.endswith("is expected between +0.330 and +0.370, by the forecast alone.")
    hurt = replace(found, transfer_gain=Gain(-0.4, (-0.6, -0.2), 100, 0.001))
    assert judge(hurt).sentence.startswith(
        "Transfer hurts, train from scratch: from_scratch on net is +0.400 better in log loss"
    )


@pytest.mark.parametrize(("ci95", "measured"), [((0.5, 0.65), True), ((0.6, 0.75), False)])
def test_chance_is_above_a_loss_that_has_learned(ci95: tuple[float, float], measured: bool) -> None:
    found = replace(
        findings(Gain(0.3, (0.2, 0.4), 100, 0.001)),
        test=replace(EVALUATION, metric="log_loss", higher_is_better=False, percent=False),
    )
    cut_short = forecast(learned(found, ci95, constant=0.69, validated=-0.68), 0.05)
    assert ("not measured" not in judge(cut_short).sentence) == measured
    validated = forecast(learned(found, ci95, constant=0.69, validated=-0.63), 0.05)
    assert "not measured" not in judge(validated).sentence


def test_a_test_part_that_leaks_is_in_the_sentence_the_caveat_and_the_warnings() -> None:
    found = findings(Gain(0.2, (0.1, 0.3), 100, 0.001))
    verdict = judge(found, leaks=Leaks(copies=35, compared=80, tested=80))
    assert verdict.sentence.endswith(
        "(95% interval +10.0 to +30.0). Do not trust the test scores: 35 of 80 test images are copies of "
        "training images."
    )
    assert verdict.caveat.startswith(
        "35 of 80 test images look like training images: the test scores may be too high by up to 43.8 "
    )
    assert verdict.warnings == (verdict.caveat,)
    few = judge(found, leaks=Leaks(copies=1, compared=200, tested=300))
    assert "Do not trust" not in few.sentence
    assert few.caveat.startswith("1 of 200 compared test images looks like a copy")
    bursts = judge(found, leaks=Leaks(copies=1, compared=1000, related=400, tested=1000))
    assert "400 of 1,000 test images show what training images show" in bursts.sentence
    assert "too high by up to 40.0 points" in bursts.caveat
    series = judge(findings(None, "no time"), leaks=Leaks(related=12, tested=40, groups=2))
    assert series.sentence.endswith("12 of 40 test images show what training images show.")
    assert "2 groups have images in the test part and in the training part" in series.caveat


@pytest.mark.parametrize(
    ("before", "after", "warned"), [(0.064, 0.138, True), (0.1, 0.102, False), (0.2, 0.1, False)]
)
def test_a_temperature_that_made_calibration_worse_is_a_warning(
    before: float, after: float, warned: bool
) -> None:
    found = replace(
        findings(Gain(0.2, (0.1, 0.3), 100, 0.001)),
        temperature=Temperature(0.76, True),
        calibration_error_before=before,
        test=replace(EVALUATION, details=replace(SCORES, calibration_error=after)),
    )
    assert bool(judge(found).warnings) == warned
    if warned:
        assert "raised the calibration error from 6.4 to 13.8 points" in judge(found).warnings[0]


def test_the_final_model_is_named_with_its_test_score() -> None:
    found = replace(
        findings(None, "no time"), transfer_summary=TransferSummary(("a", "b", "c"), ("a",), ""), refit=True
    )
    assert judge(found).delivered == (
        "Delivered: linear_probe on net (inductive transfer, 2 of 3 stages trained, trained again on all "
        "training images), 80.0% accuracy on 100 test images (95% interval 70.0 to 90.0)."
    )
    assert judge(found).kind == "inductive transfer"
    alone = replace(found, transfer_summary=TransferSummary((), (), ""), refit=False)
    assert "on net (no pretrained weights), 80.0%" in judge(alone).delivered
    assert judge(alone, roles=["unlabelled"]).kind == ""


def test_the_kind_of_transfer_follows_from_the_delivered_strategy() -> None:
    found = replace(findings(None, "no time"), transfer_summary=TransferSummary(("a",), ("a",), ""))
    verdict = judge(found, roles=["unlabelled"])
    assert verdict.kind == "self-taught learning"
    assert "on net (self-taught learning, all 1 stages frozen)" in verdict.delivered
