"""Lend a strategy the suggesting half of an Optuna trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.trial import BaseTrial


class ScopedTrial:
    """A :class:`~autotl.api.Space` whose names carry the strategy's name, as in ``finetune.lr``."""

    def __init__(self, trial: BaseTrial, scope: str) -> None:
        self._trial, self._scope = trial, scope

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """See :meth:`optuna.trial.Trial.suggest_float`; both ends included."""
        return self._trial.suggest_float(f"{self._scope}.{name}", low, high, log=log)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """See :meth:`optuna.trial.Trial.suggest_int`; both ends included."""
        return self._trial.suggest_int(f"{self._scope}.{name}", low, high, log=log)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """See :meth:`optuna.trial.Trial.suggest_categorical`; the choices must stay the same in a study."""
        return self._trial.suggest_categorical(f"{self._scope}.{name}", list(choices))
