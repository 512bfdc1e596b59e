"""The suggest methods of an Optuna trial, for one strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.trial import BaseTrial


class ScopedTrial:
    """A :class:`~autotl.api.Space` whose names start with the strategy's name."""

    def __init__(self, trial: BaseTrial, scope: str) -> None:
        self._trial, self._scope = trial, scope

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Suggest a float; see :meth:`optuna.trial.Trial.suggest_float`.

        Args:
            name: The name of the hyperparameter.
            low: The smallest value.
            high: The largest value.
            log: Whether to draw on a logarithmic scale.
        """
        return self._trial.suggest_float(f"{self._scope}.{name}", low, high, log=log)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Suggest an integer; see :meth:`optuna.trial.Trial.suggest_int`.

        Args:
            name: The name of the hyperparameter.
            low: The smallest value.
            high: The largest value.
            log: Whether to draw on a logarithmic scale.
        """
        return self._trial.suggest_int(f"{self._scope}.{name}", low, high, log=log)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of ``choices``.

        The choices must be the same in all trials of a study.
        """
        return self._trial.suggest_categorical(f"{self._scope}.{name}", list(choices))
