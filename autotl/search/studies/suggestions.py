"""Check what a strategy suggests, before it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import FloatDistribution, IntDistribution


def check_settings(found: Any, of: str) -> None:
    """Raise TypeError where a strategy's function, ``of``, gave no settings by name."""
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise TypeError(f"{of}() gave {found!r}, and settings by name are expected, such as {{'lr': 0.1}}")


def is_choice(trial: optuna.Trial) -> bool:
    """Whether all its numbers are in the ranges that they were asked for in: Optuna takes others as well."""
    given = trial.params
    return all(
        each.low <= given[name] <= each.high
        for name, each in trial.distributions.items()
        if isinstance(each, IntDistribution | FloatDistribution)
    )
