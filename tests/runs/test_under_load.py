"""A run that is out of time before its test delivers a model, tested on a fair part of the test images."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import autotl
from autotl.analysis.learning_curve import stratified
from autotl.clock import Budget, Deadline, WallClock
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.finalize.test_phase.predictions import MIN_TESTED
from autotl.testing import tiny_images


def test_a_late_test_sees_a_random_part_of_the_images_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over(phase: FinalPhase) -> Deadline:
        return Deadline(phase.clock, phase.clock.now())

    monkeypatch.setattr(FinalPhase, "report_deadline", property(over))
    out = tmp_path / "run"
    autotl.fit(
        tiny_images(classes=3, each=120),
        backbone="tiny",
        image_size=32,
        budget="60s",
        trials=1,
        strategies=["linear_probe"],
        test=0.5,
        experience=False,
        out=out,
    )
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    tested = pd.read_csv(out / "test.csv")
    assert MIN_TESTED <= len(tested) < 180
    (note,) = (each for each in report["notes"] if each.startswith("Tested on"))
    assert note.startswith(f"Tested on {len(tested)} of 180 test images, drawn at random")
    assert (out / "model").is_dir()


def test_any_beginning_of_the_order_of_the_test_has_each_class_by_its_share() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    order = stratified(labels, np.arange(1000), seed=3)
    for count in (100, 500):
        assert np.bincount(labels[order[:count]]) / count == pytest.approx([0.6, 0.3, 0.1], abs=0.02)


def test_a_run_without_a_time_budget_has_no_deadline() -> None:
    def end(budget: Budget) -> float:
        runner: Any = SimpleNamespace(clock=WallClock())
        nothing: Any = None
        phase = FinalPhase(runner, nothing, FinalOptions(budget), 100.0, nothing)
        return phase.report_deadline.at

    assert math.isinf(end(Budget(trials=3)))
    assert 110 < end(Budget(20.0)) < 120
