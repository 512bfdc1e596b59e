"""Compare the best trials with and without additional images."""

from __future__ import annotations

from autotl.evaluation import Contribution, training_gain
from autotl.finalize.phase import FinalPhase
from autotl.finalize.test_phase.predictions import TestPredictions
from autotl.seeds import derive


def contributions(phase: FinalPhase, predictions: TestPredictions) -> tuple[Contribution, ...]:
    """Return the contribution of the images of each role.

    It is measured as the gain of transfer is: with the networks of all folds of both trials.
    """
    return tuple(_contribution(phase, predictions, role) for role in phase.additional)


def _contribution(phase: FinalPhase, predictions: TestPredictions, role: str) -> Contribution:
    using, without = phase.with_and_without(role)
    if using is None:
        return Contribution(role, why=_why_none(phase, role))
    record = phase.history.record(using)
    if without is None:
        return Contribution(role, record, why="no strategy without them finished a trial")
    gain = training_gain(
        predictions.targets,
        *predictions.of_all_folds(using, without),
        metric=phase.history.metric,
        seed=derive(phase.options.seed, "bootstrap"),
        train_images=min(len(fold.train) for fold in phase.run_cache.splits.folds),
        target=phase.run_cache.target,
    )
    return Contribution(role, record, phase.history.record(without), gain)


def _why_none(phase: FinalPhase, role: str) -> str:
    """Return why no trial that learns from the images of a role has a score."""
    names = phase.additional[role]
    if not names:
        return "no strategy that learns from them was searched"
    reasons = [
        trial.why for trial in phase.history.trials.values() if trial.arm.strategy in names and trial.why
    ]
    return reasons[0] if reasons else "no strategy that learns from them finished a trial"
