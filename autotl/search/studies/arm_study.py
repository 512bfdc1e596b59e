"""The Optuna study of an arm, which suggests hyperparameters."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import optuna
from optuna.trial import TrialState

from autotl.api import Arm, Params, State
from autotl.errors import FAILURES
from autotl.search.search_inputs import SearchSpace
from autotl.search.studies import attributes
from autotl.search.studies.hyperband import RUNGS, STEPS, BracketPruner
from autotl.search.studies.open_study import facts_of, open_study
from autotl.search.studies.samplers import STARTUP, LocalSampler, tpe_sampler
from autotl.search.studies.scoped_trial import ScopedTrial
from autotl.search.studies.suggestions import check_params, in_range
from autotl.seeds import derive
from autotl.trials.trial import Trial

STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
LOCAL_PARAMS = ("image_size", "epochs")
"""Hyperparameters that depend on the machine and the budget, so that hints of past runs omit them."""
MEDIAN_TRIALS = 12
"""Trials of an arm that are pruned by the median rule, and later ones by Hyperband.

Among the half dozen that reach a rung of each bracket by then, a better half is more than chance.
"""


class ArmStudy:
    """The study of one arm. Another arm or plugin leaves it unchanged.

    A suggestion depends on the seed, the arm and what the study was told, but not on the process. A resumed
    search therefore continues as it would have continued.

    Args:
        arm: The arm.
        space: The space of the search.
        storage: The storage of the Optuna study.
        seed: The seed of the run.
        hints: Hyperparameters that did well in past runs. They are tried after the defaults.
        tried: The hyperparameters of the arm's trials, by number. The study is told missing ones.
        scored: The state and the score of all trials, by number.
        parallel: Whether several trials run at once. If so, running ones count as poor ones, so that the next
            suggestion differs (constant liar: Ginsbourger et al., 2010).
    """

    def __init__(
        self,
        arm: Arm,
        space: SearchSpace,
        *,
        storage: optuna.storages.BaseStorage,
        seed: int,
        hints: Sequence[Params] = (),
        tried: Mapping[int, Params] = MappingProxyType({}),
        scored: Mapping[int, tuple[State, float | None]] = MappingProxyType({}),
        parallel: bool = False,
    ) -> None:
        self._arm, self._seed, self._storage, self._parallel = arm, seed, storage, parallel
        self._strategy, self._task, self._backbone = space.strategy(arm), space.task(arm), space.backbone(arm)
        self._study = open_study(arm, self._task, storage)
        self._brackets = BracketPruner()
        self._open: dict[int, _OpenTrial] = {}
        self._asked, self._hinted = 0, 0
        self._unfinished: dict[int, dict[str, Any]] = {}
        self.repeated = 0
        """How many times in a row the study has suggested hyperparameters that were tried before."""
        known = self._study.get_trials(deepcopy=False)
        for each in known:
            self._restore(each, scored)
        recorded = {each.user_attrs.get(attributes.NUMBER) for each in known if not attributes.is_extra(each)}
        for number in sorted(tried.keys() - recorded):
            if tried[number]:  # a trial without hyperparameters failed before it had any
                self._suggest_again(number, tried[number], self._named(tried[number]))
                self.tell(number, *scored[number])
        self._hints = list(hints)[self._hinted :]

    def _restore(
        self, known: optuna.trial.FrozenTrial, scored: Mapping[int, tuple[State, float | None]]
    ) -> None:
        """Count an earlier process's trial, and close it if necessary."""
        self._hinted += attributes.HINT in known.user_attrs  # dropped hints are not tried again
        number = int(known.user_attrs.get(attributes.NUMBER, attributes.NO_NUMBER))
        if attributes.DROPPED in known.user_attrs or attributes.RESUMED in known.user_attrs:
            return
        if not known.state.is_finished():
            if number not in scored:
                self._drop(known._trial_id)
                self._unfinished[number] = known.params
                return
            state, score = scored[number] if "params" in known.user_attrs else ("failed", None)
            self._close(known.number, state, score)
        self._asked += 1
        self.repeated = self.repeated + 1 if attributes.REPEATED in known.user_attrs else 0

    def ask(self, number: int, *, default: bool, given: Params | None = None) -> Params:
        """Return hyperparameters for a new trial.

        Args:
            number: The number of the trial.
            default: Whether to return the strategy's defaults.
            given: Hyperparameters to return instead.
        """
        fixed = given or (self._strategy.defaults(self._task, self._backbone) if default else {})
        check_params(fixed, "defaults")
        hinted = False
        if fixed:
            self._study.enqueue_trial(self._named(fixed))
        elif hinted := bool(self._hints):
            hint = {k: v for k, v in self._hints.pop(0).items() if k not in LOCAL_PARAMS}
            self._study.enqueue_trial(self._named(hint))
        trial = self._start(number)
        if hinted:
            trial.set_user_attr(attributes.HINT, True)
        suggested: Params | None = None
        try:
            suggested = self._suggest(trial)
        except ValueError:  # a choice of that name does not exist
            if not hinted:
                raise
        if suggested is None or (hinted and not in_range(trial)):
            self._asked -= 1  # the hint is outside this run's search space
            del self._open[number]
            self._drop(trial._trial_id)
            return self.ask(number, default=False)
        params: dict[str, Any] = dict(fixed or suggested)
        self._record_params(number, params, suggested)
        return params

    def ask_again(self, number: int, params: Params) -> None:
        """Open an unfinished trial of an earlier process again."""
        self._suggest_again(number, params, self._unfinished.pop(number, {}) or self._named(params))

    def _suggest_again(self, number: int, params: Params, drawn: dict[str, Any]) -> None:
        self._study.enqueue_trial(drawn)
        trial = self._start(number)
        try:
            suggested = self._suggest(trial)
        except FAILURES:  # the strategy has changed, and no longer has such a choice
            suggested = {}
        self._record_params(number, params, suggested)

    def _start(self, number: int) -> optuna.Trial:
        self._study.sampler = self._sampler()
        trial = self._study.ask()
        trial.set_user_attr(attributes.NUMBER, number)
        trial.set_user_attr(attributes.BRACKET, derive(self._seed, "bracket", str(self._arm), self._asked))
        self._asked += 1
        self._open[number] = _OpenTrial(trial, use_hyperband=self._asked > MEDIAN_TRIALS)
        return trial

    def _sampler(self) -> optuna.samplers.BaseSampler:
        # seeded by the number of trials, so that a resumed process draws the same
        seed = derive(self._seed, "sampler", str(self._arm), self._asked)
        if self._asked <= STARTUP and not self.repeated:  # nearby there may be nothing new
            return LocalSampler(self._best_params(), seed=seed)
        return tpe_sampler(seed=seed, parallel=self._parallel)

    def _best_params(self) -> dict[str, Any]:
        """Return the best hyperparameters so far, named as in the study."""
        if done := self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            return max(done, key=lambda trial: (trial.value or -math.inf, -trial.number)).params
        return self._named(self._strategy.defaults(self._task, self._backbone))

    def _suggest(self, trial: optuna.Trial) -> Params:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # defaults may be outside of the search space
            found = self._strategy.suggest(
                ScopedTrial(trial, self._strategy.name), self._task, self._backbone
            )
        check_params(found, "suggest")
        return found

    def _record_params(self, number: int, params: Params, suggested: Params) -> None:
        """Note whether Optuna drew ``params``; otherwise it learns no score."""
        if params == dict(suggested):
            self._open[number].trial.set_user_attr("params", params)
        else:
            self._open[number].differs = True

    def _named(self, params: Params) -> dict[str, Any]:
        return {f"{self._strategy.name}.{name}": value for name, value in params.items()}

    def should_prune(self, number: int, score: float, progress: float) -> bool:
        """Report an intermediate score, and return whether to prune the trial.

        A trial is pruned below the median of the arm's trials at the same point. After MEDIAN_TRIALS trials
        it is pruned if it is not in the better half of its bracket.

        Args:
            number: The number of the trial.
            score: The score.
            progress: The fraction of the fold that is done, in [0, 1].
        """
        if number not in self._open or self._open[number].differs:
            return False
        opened, step = self._open[number], int(progress * STEPS)
        if step <= opened.step or step >= STEPS:
            return False
        opened.trial.report(score, step)
        reached_rung = any(opened.step < rung <= step for rung in RUNGS)
        opened.step = step
        # the first trials are on the rungs too, so that later ones are compared with them
        frozen = self._storage.get_trial(opened.trial._trial_id)
        worse_half = reached_rung and self._brackets.prune(self._study, frozen)
        return worse_half if opened.use_hyperband else opened.trial.should_prune()

    def add_resumed(self, number: int, score: float | None) -> None:
        """Add the final score of a resumed trial once.

        Finished Optuna trials are immutable, so the result is added as a second trial, which is in no
        bracket.
        """
        every = self._study.get_trials(deepcopy=False)
        told = [each for each in every if each.user_attrs.get(attributes.NUMBER) == number]
        pruned = next(
            (each for each in told if each.state == TrialState.PRUNED and not attributes.is_extra(each)), None
        )
        if score is None or pruned is None or any(attributes.RESUMED in each.user_attrs for each in told):
            return
        self._study.add_trial(
            optuna.trial.create_trial(
                value=score,
                params=pruned.params,
                distributions=pruned.distributions,
                user_attrs={attributes.NUMBER: number, attributes.RESUMED: True},
                intermediate_values=pruned.intermediate_values,
            )
        )

    def tell(self, number: int, state: State, score: float | None, trial: Trial | None = None) -> None:
        """Close a trial, if the strategy suggested hyperparameters for it.

        Args:
            number: The number of the trial.
            state: How the trial ended.
            score: Its score, if it has one.
            trial: The trial, for user attributes.
        """
        if number not in self._open:
            return
        opened, self.repeated = self._open.pop(number), 0
        for name, value in facts_of(trial).items() if trial else ():
            opened.trial.set_user_attr(name, value)
        self._close(opened.trial.number, *(("failed", None) if opened.differs else (state, score)))

    def tell_repeated(self, number: int, state: State, score: float | None) -> None:
        """Close a trial with repeated hyperparameters.

        Args:
            number: The number of the trial.
            state: How the earlier trial ended.
            score: The score of the earlier trial, if it has one.
        """
        if number in self._open:
            self._open[number].trial.set_user_attr(attributes.REPEATED, True)
        repeated = self.repeated
        self.tell(number, state, score)
        self.repeated = repeated + 1

    def skip(self, number: int) -> None:
        """Close a trial that does not start, without counting it as repeated."""
        repeated = self.repeated
        self.tell(number, "failed", None)
        self.repeated = repeated

    def _close(self, number: int, state: State, score: float | None) -> None:
        if state == "complete" and score is None:
            state = "failed"
        self._study.tell(number, score if state == "complete" else None, state=STATES[state])

    def _drop(self, identity: int) -> None:
        self._storage.set_trial_user_attr(identity, attributes.DROPPED, True)
        self._storage.set_trial_state_values(identity, TrialState.FAIL)


@dataclass(slots=True)
class _OpenTrial:
    """An open trial; ``differs`` means that Optuna drew other hyperparameters."""

    trial: optuna.Trial
    use_hyperband: bool = False
    step: int = 0
    differs: bool = False
