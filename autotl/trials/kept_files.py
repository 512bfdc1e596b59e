"""Delete weights and checkpoints that the rest of a search hardly needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from autotl.trials.trial import Trial

KEPT = 6
"""Trials of an arm that keep their weights: further folds can change their order."""
KEPT_WITH_FOLDS = 2
"""Trials of an arm that also keep the weights of further folds."""
KEPT_CHECKPOINTS = 3
"""Pruned trials of an arm that keep their checkpoint."""


def delete_weights(ranked: Sequence[Trial], *, best: Trial | None) -> list[Trial]:
    """Delete weights of an arm's trials; return the changed trials.

    Args:
        ranked: The trials with weights, the highest expected score first.
        best: The trial that keeps all weights.
    """
    changed = []
    for rank, trial in enumerate(ranked):
        if trial is best or rank < KEPT_WITH_FOLDS:
            continue
        deleted = trial.models.keys() - ({0} if rank < KEPT or trial.default else set())
        for fold in deleted:
            Path(trial.models.pop(fold)).unlink(missing_ok=True)
        changed += [trial] if deleted else []
    return changed


def delete_checkpoints(scored: Iterable[Trial]) -> list[Trial]:
    """Delete checkpoints of an arm's scored trials; return the changed trials."""
    pruned = [trial for trial in scored if trial.checkpoint]
    changed = sorted(pruned, key=lambda each: (-each.folds[0].score, each.number))[KEPT_CHECKPOINTS:]
    for trial in changed:
        trial.delete_checkpoint()
    return changed
