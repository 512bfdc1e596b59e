"""Find arms that have nothing left to try."""

from __future__ import annotations

from autotl.api import Arm
from autotl.search.studies.arm_study import ArmStudy
from autotl.trials.history import TrialHistory

REPEATS = 3
"""Repeated settings in a row, or failures of an arm that never succeeded, after which it is exhausted."""


def is_exhausted(history: TrialHistory, arm: Arm, study: ArmStudy) -> bool:
    """Return whether ``arm`` cannot suggest settings, only fails, or only repeats itself.

    Args:
        history: All trials.
        arm: The arm.
        study: Its study.
    """
    own = [trial for trial in history.trials.values() if trial.arm == arm]
    only_failed = bool(own) and {trial.state for trial in own} == {"failed"}
    cannot_suggest = any(trial.state == "failed" and not trial.params for trial in own)
    return cannot_suggest or (only_failed and len(own) >= REPEATS) or study.repeated >= REPEATS
