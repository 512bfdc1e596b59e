"""The samplers of a study: local at first, then TPE."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

STARTUP = 4
"""Trials after the default that stay near the best; later ones learn from all trials (TPE)."""
CHANGE_PROBABILITY = 0.5
"""The probability that a hyperparameter is changed."""
STEP = 0.25
"""The standard deviation of a change, as a fraction of the hyperparameter's range."""


class LocalSampler(BaseSampler):
    """Changes some of the hyperparameters in ``centre`` by a normally distributed step.

    The authors of a strategy know where its search space is good. A few trials from all of a wide space
    mostly show that most of it is not. The first trials therefore stay near, with the probability and the
    step of PriorBand (Mallik et al., NeurIPS 2023). A categorical hyperparameter with numeric choices is
    ordered, and moves along that order. A hyperparameter that is not in ``centre`` is drawn from its whole
    range.

    Args:
        centre: The hyperparameters, named as in the study.
        seed: The seed.
    """

    def __init__(self, centre: Mapping[str, Any], *, seed: int) -> None:
        self._centre = centre
        self._probability = max(CHANGE_PROBABILITY, 1 / max(len(centre), 1))  # a single one always changes
        self._rng = np.random.default_rng(seed)
        self._random = RandomSampler(seed=seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return an empty space: each hyperparameter is drawn by itself."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return nothing: each hyperparameter is drawn by itself.

        Args:
            study: The study.
            trial: The trial.
            search_space: An empty space.
        """
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return a hyperparameter as it is at the centre, or changed.

        Args:
            study: The study.
            trial: The trial.
            param_name: The name of the hyperparameter.
            param_distribution: Its range or choices.
        """
        changed = self._rng.random() < self._probability
        step = float(self._rng.normal(0.0, STEP))
        other = float(self._rng.random())
        if param_name in self._centre:
            value = self._centre[param_name]
            if isinstance(param_distribution, CategoricalDistribution):
                if value in param_distribution.choices:
                    return _choice(param_distribution.choices, value, step, other) if changed else value
            elif isinstance(param_distribution, FloatDistribution | IntDistribution):
                return _moved(param_distribution, float(value), step if changed else 0.0)
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def tpe_sampler(*, seed: int, parallel: bool) -> TPESampler:
    """Return the sampler that learns from all trials.

    Args:
        seed: The seed.
        parallel: Whether running trials count as poor ones (constant liar).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(seed=seed, n_startup_trials=STARTUP, constant_liar=parallel)


def _moved(of: FloatDistribution | IntDistribution, value: float, step: float) -> float | int:
    low, high = (math.log(of.low), math.log(of.high)) if of.log else (of.low, of.high)
    position = math.log(max(value, of.low)) if of.log else value
    position = min(max(position + step * (high - low), low), high)
    moved = min(max(math.exp(position) if of.log else position, of.low), of.high)
    if of.step is not None:
        moved = of.low + of.step * round((moved - of.low) / of.step)
    return round(moved) if isinstance(of, IntDistribution) else float(moved)


def _choice(choices: tuple[Any, ...], value: Any, step: float, other: float) -> Any:
    position = choices.index(value)
    if len(choices) > 2 and all(isinstance(each, int | float) for each in choices):
        return choices[min(max(position + round(step * len(choices)), 0), len(choices) - 1)]
    others = [each for each in choices if each != value]
    return others[int(other * len(others))] if others else value
