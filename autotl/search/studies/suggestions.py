"""Check the hyperparameters that a strategy returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution


def check_params(found: Any, function: str) -> None:
    """Raise TypeError if a strategy's ``function`` did not return hyperparameters by name."""
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise TypeError(
            f"{function}() must return hyperparameters by name, such as {{'lr': 0.1}} (got {found!r})"
        )


def in_range(trial: optuna.Trial) -> bool:
    """Return whether all numbers are in their suggested ranges.

    Optuna does not check this.
    """
    params = trial.params
    return all(
        each.low <= params[name] <= each.high
        for name, each in trial.distributions.items()
        if isinstance(each, IntDistribution | FloatDistribution)
    )
