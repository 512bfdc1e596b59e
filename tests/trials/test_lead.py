"""The lead between two trials with similar scores."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.api import Arm, FoldScore, Job, Outcome
from autotl.metrics import METRICS
from autotl.metrics.calibrated_likelihood import balanced_calibrated_likelihood, calibrated_likelihood
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

LABELS = np.arange(200, dtype=np.int64) % 2


def sureness(right: float, wrong: float, *, mistakes: int = 40) -> NDArray[np.float32]:
    """Return logits with given margins for correct and for wrong predictions."""
    margin = np.full(len(LABELS), float(right))
    margin[:mistakes] = -wrong
    sides = np.where(LABELS == 1, margin, -margin) / 2
    return np.stack([-sides, sides], 1).astype(np.float32)


def history_of(*several: NDArray[np.float32], images: int = 200, metric: str = "accuracy") -> TrialHistory:
    labels, measure = LABELS[:images], METRICS[metric]
    history = TrialHistory([labels], metric=measure)
    for number, logits in enumerate(several):
        trial = Trial(number, Arm("ab"[number], "net"), {}, 0, True)
        score = FoldScore(0, measure(labels, logits[:images]), logits[:images], 1.0, 1)
        job = Job(number, trial.arm.strategy, "net", {}, 0, (0,))
        history.add(trial, Outcome(job, "complete", (score,), 1.0, "", {0: "none"}, 32), now=number)
    return history


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_of_equal_scores_the_one_with_closer_mistakes_leads(metric: str) -> None:
    history = history_of(sureness(1, 1), sureness(4, 0.5), metric=metric)
    one, other = history.trials[0], history.trials[1]
    assert history.score(one) == history.score(other)
    assert history.score_difference(other, one) > history.standard_error(other, one)
    assert history.best() is other


def test_overall_confidence_gives_no_lead() -> None:
    history = history_of(sureness(2, 1), 10 * sureness(2, 1))
    assert history.score_difference(history.trials[1], history.trials[0]) == pytest.approx(0, abs=1e-4)


def test_a_likelihood_difference_has_a_smaller_standard_error_than_a_score_difference() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(2, 2, len(LABELS))

    def network(noise: float) -> NDArray[np.float32]:
        sides = np.where(LABELS == 1, 1, -1) * (truth + rng.normal(0, noise, len(LABELS))) / 2
        return np.stack([-sides, sides], 1).astype(np.float32)

    history = history_of(network(0.5), network(1.5))
    one, other = history.trials[0], history.trials[1]
    assert history.score_difference(one, other) / history.standard_error(one, other) > 2
    assert 0 < history.standard_error(one, other) < 0.6 * history.metric_standard_error(one, other)


@pytest.mark.parametrize(("images", "metric"), [(20, "accuracy"), (200, "auroc"), (200, "macro_f1")])
def test_few_images_and_other_metrics_are_compared_by_their_scores(images: int, metric: str) -> None:
    history = history_of(
        sureness(1, 1, mistakes=5), sureness(4, 0.5, mistakes=2), images=images, metric=metric
    )
    one, other = history.trials[0], history.trials[1]
    assert history.score_difference(other, one) == pytest.approx(other.folds[0].score - one.folds[0].score)
    assert history.standard_error(other, one) == history.metric_standard_error(other, one)


def test_balanced_chances_are_the_mean_of_the_classes() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    logits = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    each = calibrated_likelihood(labels, logits)
    assert balanced_calibrated_likelihood(labels, logits).mean() == pytest.approx(
        (each[:30].mean() + each[30:].mean()) / 2
    )
