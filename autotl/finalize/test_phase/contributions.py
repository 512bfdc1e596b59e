"""Compare the best trials with and without additional images."""

from __future__ import annotations

from autotl.evaluation import Contribution, Gain, paired_training_gain, training_gain
from autotl.finalize.phase import FinalPhase
from autotl.finalize.test_phase.predictions import TestPredictions
from autotl.seeds import derive
from autotl.trials.trial import Trial

MIN_PAIRS = 2
"""Folds that both sides must have trained on to be compared fold by fold."""


def contributions(phase: FinalPhase, predictions: TestPredictions) -> tuple[Contribution, ...]:
    """Return the contribution of the images of each role.

    The networks of both sides are compared fold by fold, because they learned from the same training images.
    If both have only one fold in common, :func:`autotl.evaluation.training_gain` compares them.
    """
    return tuple(_contribution(phase, predictions, role) for role in phase.additional)


def _contribution(phase: FinalPhase, predictions: TestPredictions, role: str) -> Contribution:
    using, without = phase.with_and_without(role)
    if using is None:
        return Contribution(role, why=_why_none(phase, role))
    record = phase.history.record(using)
    if without is None:
        return Contribution(role, record, why="no strategy without them finished a trial")
    gain = _gain(phase, predictions, using, without)
    return Contribution(role, record, phase.history.record(without), gain)


def _gain(phase: FinalPhase, predictions: TestPredictions, using: Trial, without: Trial) -> Gain:
    """Return the gain of one trial over another, paired by fold if both have several folds."""
    splits = phase.run_cache.splits
    metric, target = phase.history.metric, phase.run_cache.target
    seed = derive(phase.options.seed, "bootstrap")
    train_images = min(len(fold.train) for fold in splits.folds)
    pairs = predictions.of_shared_folds(using, without)
    if len(pairs) >= MIN_PAIRS:
        return paired_training_gain(
            predictions.targets,
            pairs,
            metric=metric,
            seed=seed,
            train_images=train_images,
            held_out=splits.held_out,
            target=target,
        )
    return training_gain(
        predictions.targets,
        *predictions.of_all_folds(using, without),
        metric=metric,
        seed=seed,
        train_images=train_images,
        target=target,
    )


def _why_none(phase: FinalPhase, role: str) -> str:
    """Return why no trial that learns from the images of a role has a score."""
    names = phase.additional[role]
    if not names:
        return "no strategy that learns from them was searched"
    reasons = [
        trial.why for trial in phase.history.trials.values() if trial.arm.strategy in names and trial.why
    ]
    return reasons[0] if reasons else "no strategy that learns from them finished a trial"
