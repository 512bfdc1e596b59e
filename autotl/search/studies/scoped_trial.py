"""The suggest methods of an Optuna trial, for one strategy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.trial import BaseTrial


class ScopedTrial:
    """A :class:`~autotl.api.Space` that adds the strategy's name to each name, as in ``finetune.lr``."""

    def __init__(self, trial: BaseTrial, scope: str) -> None:
        self._trial, self._scope = trial, scope

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Suggest a float in [low, high]; see :meth:`optuna.trial.Trial.suggest_float`."""
        return self._trial.suggest_float(f"{self._scope}.{name}", low, high, log=log)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Suggest an integer in [low, high]; see :meth:`optuna.trial.Trial.suggest_int`."""
        return self._trial.suggest_int(f"{self._scope}.{name}", low, high, log=log)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Suggest one of ``choices``, which must be the same in all trials of a study."""
        return self._trial.suggest_categorical(f"{self._scope}.{name}", list(choices))
