"""Baseline searches for benchmarks.

They have one search space of all strategies and their settings.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from autotl.api import (
    Arm,
    Executor,
    Job,
    JobProgress,
    Outcome,
    Params,
    State,
    Watch,
    Work,
)
from autotl.errors import FAILURES
from autotl.files import is_full
from autotl.search.algorithm import SearchAlgorithm
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.scoped_trial import ScopedTrial
from autotl.seeds import derive
from autotl.trials.restore import SearchRecord
from autotl.trials.trial import Trial

FOLD = 0
"""The fold on which every trial is scored."""
MAX_FAILURES = 50
"""The number of consecutive failures that ends a search."""


class JointSearch:
    """A single Optuna study over all strategies.

    The strategy is a categorical parameter, and the settings are conditional. Each trial is trained
    completely on one fold. Trials are not pruned or run on further folds, defaults are not tried first, and
    past runs are not used. After the deadline, trials stop as soon as a score exists.

    Args:
        space: The arms, and what their trials consist of.
        record: The history of the trials.
        time: The budget.
        studies: The seed of the run; its storage is not used.
        watch: Shows the progress.
        workers: How many trials run at once.
        sampler: Creates the sampler from a seed.
    """

    def __init__(
        self,
        space: SearchSpace,
        record: SearchRecord,
        time: SearchTime,
        studies: StudyFactory,
        watch: Watch,
        workers: int = 1,
        *,
        sampler: Callable[[int], BaseSampler],
    ) -> None:
        self._arms: dict[str, list[str]] = {}
        for arm in space.arms:
            self._arms.setdefault(arm.strategy, []).append(arm.backbone)
        self._strategies, self._backbones, self._tasks = space.strategies, space.backbones, space.tasks
        self._device, self._workers, self._watch = space.machine.device, workers, watch
        self._budget, self._clock, self._until = time.budget, time.clock, time.ends_at
        self._seed, self.ledger = studies.seed, record.history
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        # a different random sequence for each data set, so that their results are independent
        classes = next(iter(self._tasks.values())).target.names
        drawn = sampler(derive(self._seed, "joint", *classes))
        self._study = optuna.create_study(
            direction="maximize", sampler=drawn, pruner=optuna.pruners.NopPruner()
        )
        self._running: dict[int, tuple[Trial, optuna.Trial]] = {}
        self._failures, self._started = 0, self._clock.now()

    def run(self, executor: Executor, work: Work) -> Iterator[Trial]:
        """Yield each trial when its job has ended.

        The caller stops the search by closing the iterator.
        """
        for outcome in executor.run(self._jobs(), work, self._go, workers=self._workers, device=self._device):
            yield self._finish(outcome)

    def _jobs(self) -> Iterator[Job]:
        while not self._is_over():
            optuna_trial = self._study.ask()
            try:
                arm, params = self._suggest(optuna_trial)
            except FAILURES as error:  # plugin code: it must not end the search
                if is_full(error):
                    raise
                self._study.tell(optuna_trial, state=TrialState.FAIL)
                self._failures += 1
                continue
            trial = Trial(
                optuna_trial.number,
                arm,
                params,
                derive(self._seed, "joint", optuna_trial.number),
                default=False,
                baseline=self._strategies[arm.strategy].baseline,
            )
            self._running[trial.number] = trial, optuna_trial
            yield Job(trial.number, arm.strategy, arm.backbone, params, trial.seed, (FOLD,))

    def _is_over(self) -> bool:
        started = len(self.ledger.trials) + len(self._running)
        if self._failures >= MAX_FAILURES or (
            self._budget.trials is not None and started >= self._budget.trials
        ):
            return True
        return started > 0 and self._clock.now() >= self._until()

    def _suggest(self, optuna_trial: optuna.Trial) -> tuple[Arm, Params]:
        name = optuna_trial.suggest_categorical("strategy", list(self._arms))
        backbone = optuna_trial.suggest_categorical(f"backbone of {name}", self._arms[name])
        strategy = self._strategies[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # such as a range that is no multiple of its step
            params = strategy.suggest(
                ScopedTrial(optuna_trial, name), self._tasks[backbone], self._backbones[backbone]
            )
        return Arm(name, backbone), dict(params)

    def _go(self, job: Job, said: JobProgress) -> State | None:
        epoch, (trial, _) = said.epoch, self._running[job.number]
        scored = epoch.score is not None or self.ledger.best() is not None
        if scored and self._clock.now() >= self._until():
            return "stopped"
        self._watch.learning(
            trial.arm, number=job.number, fold=said.fold, score=epoch.score, progress=epoch.progress
        )
        return None

    def _finish(self, outcome: Outcome) -> Trial:
        trial, optuna_trial = self._running.pop(outcome.job.number)
        self.ledger.add(trial, outcome, now=self._clock.now() - self._started)
        if outcome.state == "complete" and FOLD in trial.folds:
            self._study.tell(optuna_trial, trial.folds[FOLD].score)
            self._failures = 0
        else:
            self._study.tell(optuna_trial, state=TrialState.FAIL)
            self._failures += 1
        return trial


def _random(seed: int) -> BaseSampler:
    return RandomSampler(seed=derive(seed, "random"))


def _tpe(seed: int) -> BaseSampler:
    return TPESampler(seed=derive(seed, "tpe"))


ALGORITHMS: dict[str, SearchAlgorithm] = {
    "random_search": SearchAlgorithm(partial(JointSearch, sampler=_random), choose_expected=False),
    "plain_optuna": SearchAlgorithm(partial(JointSearch, sampler=_tpe), choose_expected=False),
}
"""The baseline searches by the names of their entrants.

Random search draws a random strategy with random settings (Bergstra and Bengio, 2012). The other is Optuna's
default, the Tree-structured Parzen Estimator (Bergstra et al., 2011).
"""
