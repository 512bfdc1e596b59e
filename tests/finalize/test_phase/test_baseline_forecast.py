"""The forecast of the baselines' plateau."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import Arm, FoldScore, Job, Outcome
from autotl.finalize.test_phase.baseline_forecast import baseline_plateau
from autotl.search.first_look import training_forecast
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

IMAGES = 400
TRANSFER, SMALL, LARGE, PIXELS = (Arm(name, "net") for name in ("finetune", "small", "large", "pixels"))


def history_of(*trainings: tuple[Arm, int | None, float]) -> TrialHistory:
    """Trials by arm, epochs and accuracy."""
    labels = np.arange(IMAGES) % 2
    history = TrialHistory([labels])
    for number, (arm, epochs, accuracy) in enumerate(trainings):
        right = np.arange(IMAGES) < accuracy * IMAGES
        logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
        params = {"C": 0.1} if epochs is None else {"epochs": epochs}
        trial = Trial(number, arm, params, 0, True)
        score = FoldScore(0, accuracy, logits, 1.0, epochs or 1)
        job = Job(number, arm.strategy, "net", params, 0, (0,))
        history.add(trial, Outcome(job, "complete", (score,), 1.0, "", {0: f"{number}"}, 32), now=0.0)
    return history


def test_the_plateau_is_forecast_from_the_baselines_trainings() -> None:
    history = history_of((TRANSFER, None, 0.9), (SMALL, 5, 0.6), (SMALL, 30, 0.8))
    found = baseline_plateau(history, [SMALL], {TRANSFER: 0.91, SMALL: 0.79}, {SMALL: 0.12})
    assert found is not None
    forecast = training_forecast(history, history.scored_trials(SMALL))
    assert forecast is not None
    more = forecast.remaining()
    assert (found.arm, found.epochs, found.more) == (SMALL, 30, more.value)
    assert 0 < more.value < 0.2
    assert found.gain == pytest.approx(0.12 - more.value)
    assert found.gain_ci95 == pytest.approx((0.12 - more.ci95[1], 0.12 - more.ci95[0]))
    assert not found.converged


def test_a_training_without_further_gain_has_converged() -> None:
    history = history_of((TRANSFER, None, 0.9), (SMALL, 100, 0.99), (SMALL, 300, 1.0))
    found = baseline_plateau(history, [SMALL], {TRANSFER: 0.9, SMALL: 1.0}, {SMALL: -0.1})
    assert found is not None
    assert found.converged


def test_the_baseline_with_the_highest_plateau_counts() -> None:
    trainings = (
        (TRANSFER, None, 0.9),
        (SMALL, 10, 0.69),
        (SMALL, 100, 0.7),
        (LARGE, 2, 0.3),
        (LARGE, 10, 0.66),
    )
    history = history_of(*trainings)
    tests = {TRANSFER: 0.9, SMALL: 0.7, LARGE: 0.66}
    gains = {SMALL: 0.2, LARGE: 0.24}
    both = baseline_plateau(history, [SMALL, LARGE], tests, gains)
    assert both is not None
    assert both.arm == LARGE  # it is behind now, and falls faster
    assert baseline_plateau(history, [SMALL], tests, gains) != both


def test_a_baseline_without_epochs_or_a_test_score_has_no_forecast() -> None:
    history = history_of((TRANSFER, None, 0.9), (PIXELS, None, 0.6), (SMALL, 5, 0.5))
    gains = {PIXELS: 0.3, SMALL: 0.4}
    assert baseline_plateau(history, [PIXELS], {PIXELS: 0.6}, gains) is None
    assert baseline_plateau(history, [PIXELS, SMALL], {PIXELS: 0.6}, gains) is None
    found = baseline_plateau(history, [PIXELS, SMALL], {PIXELS: 0.6, SMALL: 0.5}, gains)
    assert found is not None
    assert found.arm == SMALL
    assert baseline_plateau(history, [], {}, {}) is None
    assert baseline_plateau(history, [SMALL], {SMALL: 0.5}, {}) is None  # nothing transfers


def test_one_length_shows_no_improvement_unless_it_was_stopped() -> None:
    whole = history_of((SMALL, 20, 0.5))
    found = baseline_plateau(whole, [SMALL], {SMALL: 0.5}, {SMALL: 0.4})
    assert found is not None
    assert (found.lengths, found.converged) == (1, True)
    (trial,) = whole.trials.values()
    trial.first_look = True
    cut = baseline_plateau(whole, [SMALL], {SMALL: 0.5}, {SMALL: 0.4})
    assert cut is not None
    assert not cut.converged
