"""The best trial with additional images is compared with the best without, on the test images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm
from autotl.clock import Budget
from autotl.data import LockedTest
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.finalize.test_phase.contributions import contributions
from autotl.finalize.test_phase.predictions import TestPredictions
from autotl.finalize.test_phase.test_evaluation import EvaluationStep
from autotl.pipeline.prepare import Prepared
from autotl.preparation.additional.roles import counterparts_of
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from tests.support.phases import THREE, phase_of, runner_of

PROBE: dict[str, Any] = {"standardise": True, "class_weight": "none", "image_size": 32}
SELF: dict[str, Any] = {
    "C": 0.1, "select": "share", "keep": 0.5, "threshold": 0.9, "weight": 1.0, "rounds": 2, "image_size": 32,
}  # fmt: skip


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=["unlabelled"])


@pytest.fixture
def runner(ready: Prepared, tmp_path: Path) -> TrialRunner:
    from autotl.builtin.strategies.probes.self_training import SelfTraining

    runner = runner_of(ready, tmp_path / "trials")
    return replace(runner, strategies={**runner.strategies, "self_training": SelfTraining()})


def history_of(runner: TrialRunner, *arms: tuple[str, dict[str, Any]]) -> TrialHistory:
    """Run a trial of each strategy."""
    history = TrialHistory(runner.run_cache.fold_targets(), repeats=runner.run_cache.splits.repeats)
    for number, (strategy, params) in enumerate(arms):
        trial = Trial(number, Arm(strategy, "tiny"), params, 0, True)
        outcome = runner(trial.job((0, 1)), lambda job, said: None)
        assert outcome.state == "complete", outcome.why
        history.add(trial, outcome, now=float(number))
    return history


def phase_with(ready: Prepared, runner: TrialRunner, history: TrialHistory, budget: Budget) -> FinalPhase:
    phase = phase_of(ready, runner, history, FinalOptions(budget) if budget.seconds else THREE)
    names = frozenset({"self_training"})
    locked = LockedTest(ready.splits.test)  # the tests share a run, and each opens the test part
    return replace(phase, additional={"unlabelled": names}, with_test=ready.run_cache, locked=locked)


def test_the_gain_is_that_of_the_best_trials_of_both_sides(ready: Prepared, runner: TrialRunner) -> None:
    history = history_of(
        runner,
        ("linear_probe", {**PROBE, "C": 1e-4}),
        ("linear_probe", {**PROBE, "C": 0.1}),
        ("self_training", SELF),
    )
    phase = phase_with(ready, runner, history, Budget(trials=3))
    using, without = phase.with_and_without("unlabelled")
    assert using is history.trials[2]
    assert without is history.best(among=[Arm("linear_probe", "tiny")], ignore_cost=True)
    assert {trial.number for trial in phase.compared_trials()} >= {2, without.number if without else -1}
    winner = history.best()
    assert winner is not None
    predictions = TestPredictions(phase, FinalModel(winner, str(winner.model)))
    (found,) = contributions(phase, predictions)
    assert found.gain is not None
    assert found.gain.ci95[0] <= found.gain.value <= found.gain.ci95[1]
    assert found.using is not None
    assert found.without is not None
    assert (found.using.arm.strategy, found.without.arm.strategy) == ("self_training", "linear_probe")
    scores = [
        float(np.mean(predictions.of(each).argmax(1) == predictions.targets)) for each in (using, without)
    ]
    if found.gain.trainings == (1, 1):
        assert found.gain.value == pytest.approx(scores[0] - scores[1])


def test_folds_of_both_sides_are_paired(ready: Prepared, runner: TrialRunner) -> None:
    kept = replace(runner, keep_from_seconds=0.0)  # keeps the networks of all folds
    history = history_of(kept, ("linear_probe", {**PROBE, "C": 0.1}), ("self_training", SELF))
    phase = phase_with(ready, kept, history, Budget(trials=3))
    without, using = history.trials[0], history.trials[1]
    predictions = TestPredictions(phase, FinalModel(using, str(using.model)))
    (found,) = contributions(phase, predictions)
    assert found.gain is not None
    assert (found.gain.paired, found.gain.trainings) == (True, (2, 2))
    right = [
        [np.mean(predictions.of(each, each.models[fold]).argmax(1) == predictions.targets) for fold in (0, 1)]
        for each in (using, without)
    ]
    assert found.gain.value == pytest.approx(np.mean(right[0]) - np.mean(right[1]))
    del without.models[1]
    (alone,) = contributions(phase, predictions)
    assert alone.gain is not None
    assert (alone.gain.paired, alone.gain.trainings) == (False, (2, 1))


def test_the_other_side_is_the_counterpart_even_if_another_strategy_scores_higher(
    ready: Prepared, runner: TrialRunner
) -> None:
    history = history_of(
        runner,
        ("linear_probe", {**PROBE, "C": 1e-5}),
        ("self_training", SELF),
        ("linear_probe", {**PROBE, "C": 0.1}),
    )
    history.trials[2].arm = Arm("finetune", "tiny")  # as if another strategy had scored so high
    phase = phase_with(ready, runner, history, Budget(trials=3))
    assert phase.with_and_without("unlabelled") == (history.trials[1], history.trials[2])
    alike = replace(phase, counterparts=counterparts_of(runner.strategies))
    assert alike.with_and_without("unlabelled") == (history.trials[1], history.trials[0])
    history.trials[0].arm = Arm("linear_probe", "larger")  # another backbone, but the same strategy
    assert alike.with_and_without("unlabelled") == (history.trials[1], history.trials[0])


def test_without_one_side_the_reason_is_given(ready: Prepared, runner: TrialRunner) -> None:
    history = history_of(runner, ("linear_probe", {**PROBE, "C": 0.1}))
    phase = phase_with(ready, runner, history, Budget(trials=3))
    winner = history.trials[0]
    predictions = TestPredictions(phase, FinalModel(winner, str(winner.model)))
    (found,) = contributions(phase, predictions)
    assert (found.gain, found.why) == (None, "no strategy that learns from them finished a trial")
    nothing = replace(phase, additional={"unlabelled": frozenset()})
    (unused,) = contributions(nothing, predictions)
    assert unused.why == "no strategy that learns from them was searched"
    failed = Trial(7, Arm("self_training", "tiny"), {}, 0, True, state="failed", why="out of memory")
    history.trials[7] = failed
    assert contributions(phase, predictions)[0].why == "out of memory"


def test_time_is_kept_for_every_network_that_is_compared(ready: Prepared, runner: TrialRunner) -> None:
    history = history_of(runner, ("linear_probe", {**PROBE, "C": 0.1}), ("self_training", SELF))
    phase = phase_with(ready, runner, history, Budget(seconds=60.0))
    plain = replace(phase, additional={})
    assert EvaluationStep(phase).expected_seconds(history) >= EvaluationStep(plain).expected_seconds(history)
    assert [each.number for each in plain.compared_trials()] == [
        each.number for each in plain.best_of_both_sides() if each is not None
    ]
