"""The verdict follows from the interval, and from nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm, Record
from autotl.results import Answers, ClassScore, Evaluation, Findings, Gain, Moved, judge

EVALUATION = Evaluation(
    "accuracy", 0.8, (0.7, 0.9), 100, (ClassScore("a", 100, 0.8, 0.8, 0.8),), 0.1, ((80,),), 0.5
)


def findings(gain: Gain | None, why: str = "") -> Findings:
    winner = Record(0, Arm("linear_probe", "net"), {}, True, "complete", 0.8, 5, 1, 1.0)
    baseline = Record(1, Arm("from_scratch", "net"), {}, True, "complete", 0.6, 1, 9, 9.0)
    return Findings(
        answers=Answers(np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.float32)),
        winner=winner,
        refit=False,
        side=64,
        test=EVALUATION,
        arms={},
        transfer=winner,
        baseline=baseline if gain else None,
        transfer_gain=gain,
        why_no_gain=why,
        hurt=(),
        search_gain=None,
        moved=Moved((), (), ""),
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


def test_a_gain_that_was_not_measured_is_said_to_be_so() -> None:
    verdict = judge(findings(None, "out of memory: 9 GiB"))
    assert verdict.transfer == "no_measurable_difference"
    assert "not measured: out of memory: 9 GiB" in verdict.sentence


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"state": "stopped", "epochs": 0}, "stopped by the end of its time after less than one epoch:"),
        ({"state": "stopped", "epochs": 7, "params": {"epochs": 60}}, "end of its time after 7 epochs:"),
        ({"epochs": 1, "params": {"epochs": 1}}, "Training from scratch had time for 1 epoch:"),
        ({"epochs": 5, "params": {"epochs": 5}}, ""),
        ({"epochs": 1, "params": {"C": 0.1}}, ""),  # what does not learn in epochs lacks none
    ],
)
@pytest.mark.parametrize("ci95", [(0.5, 0.7), (-0.1, 0.1), (-0.7, -0.5)])
def test_a_baseline_that_had_no_time_to_learn_is_told_of(
    ci95: tuple[float, float], told: dict[str, Any], said: str
) -> None:
    found = findings(Gain(sum(ci95) / 2, ci95, 100, 0.001))
    assert found.baseline is not None
    verdict = judge(replace(found, baseline=replace(found.baseline, **told)))
    assert said in verdict.caveat
    assert bool(verdict.caveat) == bool(said)
