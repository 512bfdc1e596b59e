"""The elimination of arms, and its reason."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.api import Arm, FoldScore, Job, Outcome
from autotl.search.stopping.arm_elimination import ArmEliminationRule
from autotl.search.stopping.rule import StoppingContext
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

GOOD, OTHER = Arm("good", "tiny"), Arm("other", "tiny")
IMAGES = 400


def history_of(**accuracies: tuple[float, int]) -> TrialHistory:
    """Return a history in which each arm has so many trials of an accuracy."""
    rng = np.random.default_rng(0)
    labels: NDArray[np.int64] = rng.integers(0, 2, IMAGES)
    history = TrialHistory([labels])
    number = 0
    for name, (accuracy, trials) in accuracies.items():
        for _ in range(trials):
            right = rng.permutation(IMAGES) < accuracy * IMAGES
            logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
            trial = Trial(number, Arm(name, "tiny"), {"x": number}, 0, False)
            job = Job(number, name, "tiny", trial.params, 0, (0,))
            score = FoldScore(0, float(right.mean()), logits, 1.0, 1)
            history.add(trial, Outcome(job, "complete", (score,), 1.0, "", {0: "weights"}, 32), now=0.0)
            number += 1
    return history


def beaten(history: TrialHistory, arm: Arm) -> str:
    return ArmEliminationRule(StoppingContext(history)).arm_reason(arm)


def test_a_far_worse_arm_is_eliminated_and_the_reason_names_the_best() -> None:
    why = beaten(history_of(good=(0.95, 3), other=(0.4, 2)), OTHER)
    assert "after 2 trials" in why
    assert "below good" in why


def test_the_best_arm_is_never_eliminated() -> None:
    assert beaten(history_of(good=(0.95, 3), other=(0.4, 2)), GOOD) == ""


@pytest.mark.parametrize("accuracy", [0.95, 0.9, 0.85])
def test_an_arm_that_may_still_win_is_kept(accuracy: float) -> None:
    assert beaten(history_of(good=(0.95, 1), other=(accuracy, 1)), OTHER) == ""


def test_more_trials_leave_less_reach() -> None:
    assert beaten(history_of(good=(0.95, 1), other=(0.82, 1)), OTHER) == ""
    assert beaten(history_of(good=(0.95, 1), other=(0.82, 20)), OTHER)


def test_an_arm_without_a_score_may_still_win() -> None:
    assert beaten(history_of(good=(0.95, 1)), OTHER) == ""
