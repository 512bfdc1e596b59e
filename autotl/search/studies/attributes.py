"""The user attributes of Optuna trials; existing databases have these values."""

from __future__ import annotations

import optuna

NUMBER = "autotl: number"
"""The number of the trial in the search."""
NO_NUMBER = -1
BRACKET = "autotl: dealt"
"""The number that decides the trial's bracket."""
HINT = "autotl: of past runs"
"""Marks hyperparameters from past runs."""
REPEATED = "autotl: tried before"
"""Marks a trial with the hyperparameters of an earlier one."""
RESUMED = "autotl: gone on with"
"""Marks the second entry of a trial that was pruned, told, and later resumed."""
DROPPED = "autotl: dropped"
"""Marks a trial that is not one of the search: its process ended too early."""
FOLD_SCORES, SECONDS, STATE, REASON = "score by fold", "seconds", "state", "reason"
"""Facts of a trial for people, which the search does not read."""


def is_extra(trial: optuna.trial.FrozenTrial) -> bool:
    """Return whether a trial of the study is not the search's own."""
    return DROPPED in trial.user_attrs or REPEATED in trial.user_attrs
