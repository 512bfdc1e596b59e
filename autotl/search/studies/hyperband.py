"""Hyperband over the trials of an arm.

At each rung the better half of a bracket continues.
"""

from __future__ import annotations

from itertools import accumulate

import optuna

from autotl.search.studies.attributes import BRACKET, DROPPED

STEPS = 10
"""Scores are reported to Optuna at tenths of a trial, so that trials of different lengths are comparable."""
GRACE = STEPS // 3
"""Tenths in which no trial is pruned: while the learning rate is high, a score says little.

Halving from the first tenth on pruned 19 of 20 trials with random settings.
"""
FACTOR = 2
"""The reduction factor, which puts the rungs at three and six tenths.

With Hyperband's usual factor of 3 the second rung would be at nine tenths, which saves nothing.
"""
RUNGS = (GRACE, FACTOR * GRACE)
NO_BRACKET = -1


class BracketPruner(optuna.pruners.HyperbandPruner):
    """Hyperband's brackets (Li et al., 2018), judged asynchronously (ASHA, 2020).

    The first bracket is halved from the first rung on, the second from the second rung on.

    Optuna derives a trial's bracket from the study's name and the trial's number in the study. Neither is
    stable here: a shared database adds the run's name, and a killed process changes the numbers and leaves
    its trial on a rung. The bracket is therefore read from an attribute of the trial. A dropped trial is in
    no bracket.
    """

    def __init__(self) -> None:
        super().__init__(min_resource=GRACE, max_resource=STEPS, reduction_factor=FACTOR)

    def _get_bracket_id(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> int:
        if DROPPED in trial.user_attrs or BRACKET not in trial.user_attrs:
            return NO_BRACKET
        number = int(trial.user_attrs[BRACKET]) % self._total_trial_allocation_budget
        ends = accumulate(self._trial_allocation_budgets)
        return next(bracket for bracket, end in enumerate(ends) if number < end)
