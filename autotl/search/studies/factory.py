"""Make the study of each arm."""

from __future__ import annotations

from dataclasses import dataclass

import optuna

from autotl.api import Arm
from autotl.experience import Prior
from autotl.search.search_inputs import SearchSpace
from autotl.search.studies.arm_study import ArmStudy
from autotl.trials.history import TrialHistory

HINTS = 2
"""Hyperparameters from past runs that an arm tries before it searches."""


@dataclass(frozen=True, slots=True)
class StudyFactory:
    """Makes the studies of a search.

    Attributes:
        storage: The storage of the Optuna studies.
        seed: The seed of the run.
        warm_start: The prediction from past runs, if there is one.
    """

    storage: optuna.storages.BaseStorage
    seed: int
    warm_start: Prior | None = None

    def make(self, space: SearchSpace, history: TrialHistory, *, workers: int) -> dict[Arm, ArmStudy]:
        """Return the study of each arm.

        Args:
            space: The arms.
            history: The trials so far. Studies that lack some of them are completed.
            workers: How many trials run at once.
        """
        trials, warm_start = history.trials, self.warm_start
        scored = {trial.number: (trial.state, history.score(trial)) for trial in trials.values()}
        return {
            arm: ArmStudy(
                arm,
                space,
                storage=self.storage,
                seed=self.seed,
                hints=warm_start.first_params(arm.strategy, HINTS) if warm_start else (),
                tried={number: trial.params for number, trial in trials.items() if trial.arm == arm},
                scored=scored,
                parallel=workers > 1,
            )
            for arm in space.arms
        }
