"""One Optuna study for each arm: ask it for settings, tell it what they scored."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState
from sqlalchemy.pool import NullPool

from autotl.api import Arm, Backbone, Params, State, Strategy, Task
from autotl.search.space import Scoped
from autotl.seeds import derive

STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
OF_ITS_OWN = ("image_size", "epochs")
"""Settings that hang on a run's own machine and budget, and are not taken over from others."""
PARTS = 10
"""Scores are reported to Optuna at tenths of a trial, so that trials of different lengths can be compared."""


def open_storage(path: Path | None) -> optuna.storages.BaseStorage:
    """The SQLite file that holds a run's studies, which optuna-dashboard can open; in memory without a
    path.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if path is None:
        return optuna.storages.InMemoryStorage()
    path.parent.mkdir(parents=True, exist_ok=True)
    # connected by path, not by URL: a folder may be called "50% done?"
    return optuna.storages.RDBStorage(
        "sqlite://", engine_kwargs={"creator": partial(sqlite3.connect, path), "poolclass": NullPool}
    )


class ArmStudy:
    """The study of one arm. Adding an arm, or a plugin, leaves every other study as it was.

    ``hints`` are settings that did well in past runs: they are tried after the defaults, before any others.
    """

    def __init__(
        self,
        arm: Arm,
        strategy: Strategy,
        task: Task,
        backbone: Backbone,
        *,
        storage: optuna.storages.BaseStorage,
        seed: int,
        hints: Sequence[Params] = (),
    ) -> None:
        self._strategy, self._task, self._backbone = strategy, task, backbone
        self._hints = list(hints)
        self._study = optuna.create_study(
            study_name=str(arm),
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.TPESampler(seed=derive(seed, "sampler", str(arm)), n_startup_trials=4),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=PARTS // 3),
        )
        self._open: dict[int, tuple[optuna.Trial, int]] = {}

    def ask(self, number: int, *, default: bool) -> Params:
        """Settings for trial ``number`` of the search: the strategy's defaults, or what Optuna suggests."""
        defaults = self._strategy.defaults(self._task, self._backbone) if default else {}
        hinted = False
        if default:
            self._enqueue(defaults)
        elif hinted := bool(self._hints):
            self._enqueue({k: v for k, v in self._hints.pop(0).items() if k not in OF_ITS_OWN})
        trial = self._study.ask()
        self._open[number] = (trial, 0)
        with warnings.catch_warnings():
            # a default outside the searched range is the strategy's right; Optuna then samples in its place
            warnings.simplefilter("ignore", UserWarning)
            try:
                suggested = self._strategy.suggest(
                    Scoped(trial, self._strategy.name), self._task, self._backbone
                )
            except ValueError:
                if not hinted:
                    raise
                # a past run chose what is no choice here
                self._study.tell(trial, state=TrialState.FAIL)
                del self._open[number]
                return self.ask(number, default=False)
        params: dict[str, Any] = dict(defaults or suggested)
        if params != dict(suggested):
            # Optuna drew something else in the default's place, and must not be told that this is what scored
            self._study.tell(trial, state=TrialState.FAIL)
            del self._open[number]
            return params
        trial.set_user_attr("params", params)
        return params

    def _enqueue(self, params: Params) -> None:
        self._study.enqueue_trial({f"{self._strategy.name}.{k}": v for k, v in params.items()})

    def hopeless(self, number: int, score: float, progress: float) -> bool:
        """Enter an intermediate score; whether it is behind the median of the arm's trials at this point."""
        if number not in self._open:
            return False
        trial, part = self._open[number]
        now = int(progress * PARTS)
        if now <= part or now >= PARTS:
            return False
        trial.report(score, now)
        self._open[number] = (trial, now)
        return trial.should_prune()

    def tell(self, number: int, state: State, score: float | None) -> None:
        """Close trial ``number``."""
        if number not in self._open:
            return  # it could not even be asked for
        trial, _ = self._open.pop(number)
        if state == "complete" and score is None:
            state = "failed"
        self._study.tell(trial, score if state == "complete" else None, state=STATES[state])
