"""Draw settings near ones that are known to be good: an Optuna sampler for the first trials of an arm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

CHANGED = 0.5
"""The chance that a setting is changed."""
STEP = 0.25
"""The standard deviation of a change, as a share of the setting's range."""


class LocalSampler(BaseSampler):
    """Changes some of the settings in ``centre``, which are named as in the study, by a normal step.

    A few trials drawn from the whole of a wide space mostly show that most of it is bad. Those who wrote the
    strategy have said where it is good, so the first trials stay near, as in PriorBand (Mallik et al.,
    PriorBand: Practical Hyperparameter Optimization in the Age of Deep Learning, NeurIPS 2023), whose chance
    and step these are. A categorical setting whose choices are numbers has an order, and moves along it. What
    ``centre`` does not name is drawn from all of its range.
    """

    def __init__(self, centre: Mapping[str, Any], *, seed: int) -> None:
        self._centre = centre
        self._chance = max(CHANGED, 1 / max(len(centre), 1))  # the only setting there is has to change
        self._rng = np.random.default_rng(seed)
        self._anywhere = RandomSampler(seed=seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing: each setting is drawn by itself."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing: each setting is drawn by itself."""
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """The setting as it is at the centre, or changed."""
        moved = self._rng.random() < self._chance
        step = float(self._rng.normal(0.0, STEP))
        other = float(self._rng.random())
        if param_name in self._centre:
            at = self._centre[param_name]
            if isinstance(param_distribution, CategoricalDistribution):
                if at in param_distribution.choices:
                    return _choice(param_distribution.choices, at, step, other) if moved else at
            elif isinstance(param_distribution, FloatDistribution | IntDistribution):
                return _moved(param_distribution, float(at), step if moved else 0.0)
        return self._anywhere.sample_independent(study, trial, param_name, param_distribution)


def _moved(of: FloatDistribution | IntDistribution, at: float, step: float) -> float | int:
    low, high = (math.log(of.low), math.log(of.high)) if of.log else (of.low, of.high)
    place = math.log(max(at, of.low)) if of.log else at
    place = min(max(place + step * (high - low), low), high)
    value = min(max(math.exp(place) if of.log else place, of.low), of.high)
    if of.step is not None:
        value = of.low + of.step * round((value - of.low) / of.step)
    return round(value) if isinstance(of, IntDistribution) else float(value)


def _choice(choices: tuple[Any, ...], at: Any, step: float, other: float) -> Any:
    where = choices.index(at)
    if len(choices) > 2 and all(isinstance(each, int | float) for each in choices):
        return choices[min(max(where + round(step * len(choices)), 0), len(choices) - 1)]
    others = [each for each in choices if each != at]
    return others[int(other * len(others))] if others else at
