"""One Optuna study for each arm: ask it for settings, tell it what they scored."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import optuna
from optuna.trial import TrialState

from autotl.api import Arm, Backbone, Params, State, Strategy, Task
from autotl.errors import FAILURES
from autotl.search.studies.local_sampler import LocalSampler
from autotl.search.studies.pruner import DEALT, DROPPED, GRACE, PARTS, RUNGS, Brackets
from autotl.search.studies.scoped_trial import ScopedTrial
from autotl.search.studies.suggestions import check_settings, is_choice
from autotl.seeds import derive

STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
OF_ITS_OWN = ("image_size", "epochs")
"""Settings that hang on a run's own machine and budget, and are not taken over from others."""
AGAIN = "autotl: tried before"
HINT = "autotl: of past runs"
NUMBER = "autotl: number"
GONE_ON = "autotl: gone on with"
"""Marks the second entry of a trial that was stopped early, told as pruned, and has gone on to its end."""
NOT_YET = -1
STARTUP = 4
"""Trials after the default that stay near the best; those that follow learn from all there were (TPE)."""
MANY = 12
"""Trials of an arm up to which one is stopped for being behind the median: in each of two brackets about half
a dozen have then reached a rung, and to be in the better half of fewer is chance. Those that follow are
halved.
"""


class ArmStudy:
    """The study of one arm. Adding an arm, or a plugin, leaves every other study as it was.

    ``hints`` are settings that did well in past runs: they are tried after the defaults, before any others.
    ``tried`` and ``scored`` are the settings and the scores of a search that is taken up, by number: those
    of the arm's trials, and of all. A study that has lost trials, or all that it knew, is told of them again.

    What is suggested hangs on the seed, the arm and what its study was told, and not on the process: so that
    a search that is taken up goes on as it would have gone. With ``side_by_side`` several of its trials
    run at once: those that do are taken for poor ones, so that the next is looked for elsewhere (constant
    liar: Ginsbourger et al., 2010).
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
        tried: Mapping[int, Params] = MappingProxyType({}),
        scored: Mapping[int, tuple[State, float | None]] = MappingProxyType({}),
        side_by_side: bool = False,
    ) -> None:
        self._side_by_side = side_by_side
        self._strategy, self._task, self._backbone = strategy, task, backbone
        self._arm, self._seed, self._storage = arm, seed, storage
        self._study = optuna.create_study(
            study_name=str(arm),
            storage=storage,
            direction="maximize",
            load_if_exists=True,
            sampler=optuna.samplers.RandomSampler(),  # another one for each trial: see ask
            # not Hyperband itself: TPE would then learn from the trials of one bracket alone
            pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=GRACE),
        )
        self._brackets = Brackets()
        self._open: dict[int, _Open] = {}
        self._asked, self._hinted = 0, 0
        self._unfinished: dict[int, dict[str, Any]] = {}
        self.repeated = 0
        """How often in a row it has suggested what had been tried before."""
        found = self._study.get_trials(deepcopy=False)
        for known in found:
            self._take_up(known, scored)
        there = {each.user_attrs.get(NUMBER) for each in found if not _aside(each)}
        for number in sorted(tried.keys() - there):
            if tried[number]:  # else it could not be asked for
                self._suggest_again(number, tried[number], self._named(tried[number]))
                self.tell(number, *scored[number])
        self._hints = list(hints)[self._hinted :]

    def _take_up(
        self, known: optuna.trial.FrozenTrial, scored: Mapping[int, tuple[State, float | None]]
    ) -> None:
        """Count what an earlier process asked for, and close what it left open."""
        self._hinted += HINT in known.user_attrs  # those that were dropped are not tried again either
        number = int(known.user_attrs.get(NUMBER, NOT_YET))
        if DROPPED in known.user_attrs or GONE_ON in known.user_attrs:
            return
        if not known.state.is_finished():
            if number not in scored:
                self._drop(known._trial_id)
                self._unfinished[number] = known.params
                return
            state, score = scored[number] if "params" in known.user_attrs else ("failed", None)
            self._close(known.number, state, score)
        self._asked += 1
        self.repeated = self.repeated + 1 if AGAIN in known.user_attrs else 0

    def ask(self, number: int, *, default: bool, given: Params | None = None) -> Params:
        """Return settings for trial ``number``: those ``given``, the defaults, or what Optuna suggests."""
        defaults = given or (self._strategy.defaults(self._task, self._backbone) if default else {})
        check_settings(defaults, "defaults")
        hinted = False
        if defaults:
            self._enqueue(defaults)
        elif hinted := bool(self._hints):
            self._enqueue({k: v for k, v in self._hints.pop(0).items() if k not in OF_ITS_OWN})
        trial = self._begin(number)
        if hinted:
            trial.set_user_attr(HINT, True)
        suggested: Params | None = None
        try:
            suggested = self._suggest(trial)
        except ValueError:  # no choice of that name
            if not hinted:
                raise
        if suggested is None or (hinted and not is_choice(trial)):
            # a past run chose what is no choice here: it had more time, say
            self._asked -= 1
            del self._open[number]
            self._drop(trial._trial_id)
            return self.ask(number, default=False)
        params: dict[str, Any] = dict(defaults or suggested)
        self._settle(number, params, suggested)
        return params

    def ask_again(self, number: int, params: Params) -> None:
        """Take up trial ``number``, which an earlier process asked for and did not finish."""
        self._suggest_again(number, params, self._unfinished.pop(number, {}) or self._named(params))

    def _suggest_again(self, number: int, params: Params, drawn: dict[str, Any]) -> None:
        self._study.enqueue_trial(drawn)
        trial = self._begin(number)
        try:
            suggested = self._suggest(trial)
        except FAILURES:  # the strategy has changed meanwhile, and has no such choice any more
            suggested = {}
        self._settle(number, params, suggested)

    def _begin(self, number: int) -> optuna.Trial:
        self._study.sampler = self._sampler()
        trial = self._study.ask()
        trial.set_user_attr(NUMBER, number)
        trial.set_user_attr(DEALT, derive(self._seed, "bracket", str(self._arm), self._asked))
        self._asked += 1
        self._open[number] = _Open(trial, many=self._asked > MANY)
        return trial

    def _sampler(self) -> optuna.samplers.BaseSampler:
        # by how often it was asked, not by a generator that went along: see the class
        drawn = derive(self._seed, "sampler", str(self._arm), self._asked)
        if self._asked <= STARTUP and not self.repeated:  # nearby there may be nothing new
            return LocalSampler(self._best(), seed=drawn)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                seed=drawn, n_startup_trials=STARTUP, constant_liar=self._side_by_side
            )

    def _best(self) -> dict[str, Any]:
        """The best settings so far, or the defaults, named as in the study."""
        done = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if done:
            return max(done, key=lambda trial: (trial.value or -math.inf, -trial.number)).params
        return self._named(self._strategy.defaults(self._task, self._backbone))

    def _suggest(self, trial: optuna.Trial) -> Params:
        with warnings.catch_warnings():
            # a default outside the searched range is the strategy's right
            warnings.simplefilter("ignore", UserWarning)
            found = self._strategy.suggest(
                ScopedTrial(trial, self._strategy.name), self._task, self._backbone
            )
        check_settings(found, "suggest")
        return found

    def _settle(self, number: int, params: Params, suggested: Params) -> None:
        """Where Optuna drew something else in the default's place, it must not be told that this is what
        scored.
        """
        if params == dict(suggested):
            self._open[number].trial.set_user_attr("params", params)
        else:
            self._open[number].apart = True

    def _enqueue(self, params: Params) -> None:
        self._study.enqueue_trial(self._named(params))

    def _named(self, params: Params) -> dict[str, Any]:
        return {f"{self._strategy.name}.{name}": value for name, value in params.items()}

    def hopeless(self, number: int, score: float, progress: float) -> bool:
        """Enter an intermediate score; whether it is behind the median of the arm's trials at this point, or,
        where there have been many, no longer in the better half of its bracket.
        """
        if number not in self._open or self._open[number].apart:
            return False
        asked, now = self._open[number], int(progress * PARTS)
        if now <= asked.part or now >= PARTS:
            return False
        asked.trial.report(score, now)
        reached = any(asked.part < rung <= now for rung in RUNGS)
        asked.part = now
        # the first ones too stand on the rungs that later ones are measured by
        last = reached and self._brackets.prune(self._study, self._frozen(asked.trial))
        return last if asked.many else asked.trial.should_prune()

    def gone_on(self, number: int, score: float | None) -> None:
        """Tell what trial ``number``, told as stopped before, has come to at its end; once, however often.

        What Optuna was told cannot be changed, and had it not been told, it would have suggested the like
        again: it learns of one trial more with these settings, that is in no bracket.
        """
        every = self._study.get_trials(deepcopy=False)
        told = [each for each in every if each.user_attrs.get(NUMBER) == number]
        stopped = next((each for each in told if each.state == TrialState.PRUNED and not _aside(each)), None)
        if score is None or stopped is None or any(GONE_ON in each.user_attrs for each in told):
            return
        self._study.add_trial(
            optuna.trial.create_trial(
                value=score,
                params=stopped.params,
                distributions=stopped.distributions,
                user_attrs={NUMBER: number, GONE_ON: True},
                intermediate_values=stopped.intermediate_values,
            )
        )

    def tell(self, number: int, state: State, score: float | None) -> None:
        """Close trial ``number``."""
        if number not in self._open:
            return  # it could not even be asked for
        asked = self._open.pop(number)
        self.repeated = 0
        self._close(asked.trial.number, *(("failed", None) if asked.apart else (state, score)))

    def tell_again(self, number: int, state: State, score: float | None) -> None:
        """Close trial ``number``, whose settings had been tried before, with the score they had then."""
        if number in self._open:
            self._open[number].trial.set_user_attr(AGAIN, True)
        repeated = self.repeated
        self.tell(number, state, score)
        self.repeated = repeated + 1

    def pass_over(self, number: int) -> None:
        """Close trial ``number``, whose settings are running now: nothing is known of them yet."""
        repeated = self.repeated
        self.tell(number, "failed", None)
        self.repeated = repeated

    def _frozen(self, trial: optuna.Trial) -> optuna.trial.FrozenTrial:
        return self._storage.get_trial(trial._trial_id)

    def _close(self, number: int, state: State, score: float | None) -> None:
        if state == "complete" and score is None:
            state = "failed"
        self._study.tell(number, score if state == "complete" else None, state=STATES[state])

    def _drop(self, identity: int) -> None:
        self._storage.set_trial_user_attr(identity, DROPPED, True)
        self._storage.set_trial_state_values(identity, TrialState.FAIL)


def _aside(known: optuna.trial.FrozenTrial) -> bool:
    """Whether a trial of a study is none of the search's own under its number."""
    return DROPPED in known.user_attrs or AGAIN in known.user_attrs


@dataclass(slots=True)
class _Open:
    """A trial that is being run, and the last part of it that was reported. ``apart`` from what the study
    drew, it is none of its business. ``many`` came before it.
    """

    trial: optuna.Trial
    many: bool = False
    part: int = 0
    apart: bool = False
