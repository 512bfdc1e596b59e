"""Spend the budget: defaults of every arm first, then what is expected to gain most a second."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import optuna

from autotl.api import Arm, Backbone, Executor, Job, Machine, Outcome, Params, Strategy, Task, Watch, Work
from autotl.clock import Budget, Clock
from autotl.errors import FAILURES, DiskFull, PluginError, described
from autotl.experience import Prior
from autotl.files import is_full
from autotl.search.acquisition import NextFold, ResumeTrial, next_action
from autotl.search.arm_elimination import beaten
from autotl.search.cost_model import CostModel
from autotl.search.first_look import FIRST_LOOK_SHARE, FirstLooks
from autotl.search.next_arm import Starts
from autotl.search.stopping_rules import StoppingRules
from autotl.search.studies.arm_study import ArmStudy
from autotl.seeds import derive
from autotl.trials.history import TrialHistory
from autotl.trials.jobs import job_of
from autotl.trials.journal import Entry, Journal, Running
from autotl.trials.restore import AFRESH, RestoredSearch
from autotl.trials.trial import Trial

CHEAP_SHARE = 0.02
"""A trial whose first repeat costs no more than this share of the budget runs on all its folds at once."""
BASELINE_SHARE = 0.2
HINTS = 2
"""Settings of past runs that an arm tries before it searches."""
REPEATS = 3
"""An arm that suggests settings it has already tried this many times in a row is done."""


class Search:
    """One search over arms. ``until`` says when, on the clock, trials must end: it may move as the search
    learns what the final evaluation will cost. Each turn of a trial is kept in the ``journal``; a search that
    is taken up finds its trials in the ``ledger``, and in ``resumed`` those that were running. ``workers``
    trials may run at once.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        strategies: Mapping[str, Strategy],
        backbones: Mapping[str, Backbone],
        tasks: Mapping[str, Task],
        ledger: TrialHistory,
        *,
        machine: Machine,
        budget: Budget,
        clock: Clock,
        until: Callable[[], float],
        storage: optuna.storages.BaseStorage,
        watch: Watch,
        seed: int,
        prior: Prior | None = None,
        journal: Journal | None = None,
        resumed: RestoredSearch = AFRESH,
        workers: int = 1,
    ) -> None:
        self._journal, self._workers = journal, workers
        self._strategies, self._machine = strategies, machine
        self._budget, self._clock, self._until, self._seed = budget, clock, until, seed
        self.ledger = ledger
        self._studies = {
            arm: ArmStudy(
                arm,
                strategies[arm.strategy],
                tasks[arm.backbone],
                backbones[arm.backbone],
                storage=storage,
                seed=seed,
                hints=prior.first_params(arm.strategy, HINTS) if prior else (),
                tried={number: trial.params for number, trial in ledger.trials.items() if trial.arm == arm},
                scored={trial.number: (trial.state, ledger.score(trial)) for trial in ledger.trials.values()},
                side_by_side=workers > 1,
            )
            for arm in arms
        }
        self._baselines = [arm for arm in arms if strategies[arm.strategy].baseline]
        self._timed = budget.seconds is not None
        self._again = list(resumed.running)
        begun = [*ledger.trials.values(), *(entry.trial for entry in self._again)]
        self._count = 1 + max((trial.number for trial in begun), default=-1)
        self._open_arms = [arm for arm in arms if not self._is_done(arm)]
        self._costs = CostModel(strategies, backbones, tasks, machine)
        self._looks = FirstLooks(arms, strategies, backbones, tasks, ledger, machine)
        self._owed = [arm for arm in self._baselines if arm not in self._looks]
        waiting = [arm for arm in arms if not any(t.arm == arm and t.default for t in begun)]
        self._starts = Starts(waiting, self._baselines, self._looks, self._costs, ledger, budget, prior)
        for trial in ledger.trials.values():
            self._learn_pace(trial, trial.seconds, len(trial.folds))
            self._tell_gone_on(trial)  # or the process ended before it could be told
        self._running: dict[int, tuple[Trial, Running]] = {}
        self._between = 0.0  # seconds from the end of a job to the next one, of late
        self._ended: float | None = None
        self._held: Counter[Arm] = Counter()  # how often an arm suggested what is running now
        self._started = clock.now() - max((trial.finished_at for trial in begun), default=0.0)
        self._oversight = StoppingRules(
            ledger, self._studies, clock=clock, until=until, patience=self._patience, watch=watch
        )

    def run(self, executor: Executor, work: Work) -> Iterator[Trial]:
        """Yield each trial when a job of it has ended. Stop reading to stop the search."""
        try:
            outcomes = executor.run(
                self._jobs(), work, self._oversight.go, workers=self._workers, device=self._machine.device
            )
            for outcome in outcomes:
                yield self._enter(outcome)
        except SystemExit as error:  # a stranger's code
            raise PluginError(
                f"The executor {executor.name} ended the program: {described(error)}."
            ) from error
        finally:
            for trial, running in self._running.values():
                with suppress(DiskFull):  # told already
                    # whoever is stopped by an error or by Ctrl-C has not brought the process down
                    self._keep(trial, Running(running.folds, running.attempts - 1))

    def _jobs(self) -> Iterator[Job | None]:
        """None where there is nothing to do until a running trial has ended."""
        while (job := self._next()) is not None or self._running:
            if job is not None and self._timed and self._ended is not None:
                self._between = 0.5 * (self._between + self._clock.now() - self._ended)
                self._ended = None
            yield job

    def _next(self) -> Job | None:
        left = self._until() - self._clock.now()
        # what was running is run again even in no time at all, while nothing else could be delivered
        if self._again and (left > 0 or self.ledger.best() is None):
            return self._retry(self._again.pop(0))
        if left <= 0 and self._count:
            return None
        while not self._out_of_trials() and (
            start := self._starts.next(self._begun, left=left, count=self._count)
        ):
            if job := self._new(start.arm, default=start.default, given=start.params):
                return job
        while self._open_arms:
            action = next_action(
                self.ledger,
                [] if self._out_of_trials() else self._worth_trying(),
                baselines=self._owed,
                baseline_share=BASELINE_SHARE,
                seconds=self._costs.default,
                folds=self._costs.folds,
                between=self._between,
                left=left,
                running=self._costs.underway(self._running.values()),
            )
            if isinstance(action, NextFold):
                return self._begin(action.trial, (action.fold,))
            if isinstance(action, ResumeTrial):
                return self._begin(action.trial, (0,))
            if action is None:
                return None
            while self._studies[action.arm].repeated < REPEATS and self._held[action.arm] < REPEATS:
                number = self._count
                if job := self._new(action.arm, default=False):
                    return job
                if self._count > number:  # it could not be asked for
                    break
            if self._held[action.arm] < REPEATS:
                self._open_arms = [arm for arm in self._open_arms if arm != action.arm]
        return None

    def _worth_trying(self) -> list[Arm]:
        free = (arm for arm in self._open_arms if self._held[arm] < REPEATS)
        known = (arm for arm in free if not self._starts.only_looked_at(arm))
        return [arm for arm in known if arm in self._owed or not beaten(self.ledger, arm)]

    def _out_of_trials(self) -> bool:
        return self._budget.trials is not None and self._count >= self._budget.trials

    def _begun(self, arm: Arm) -> list[Trial]:
        """The arm's trials, those that are running for the first time among them."""
        known = self.ledger.trials | {number: trial for number, (trial, _) in self._running.items()}
        return [trial for trial in known.values() if trial.arm == arm]

    def _new(self, arm: Arm, *, default: bool, given: Params | None = None) -> Job | None:
        """A job for a new trial of the arm, with the settings ``given``, if any; None where its settings were
        tried before, are running or could not be had.
        """
        number, study, begun = self._count, self._studies[arm], self._begun(arm)
        try:
            params = study.ask(number, default=default, given=given)
        except FAILURES as error:  # a stranger's code: an arm that cannot say what to try is left out
            if is_full(error):
                raise
            why = described(error)
            self.ledger.trials[number] = Trial(number, arm, {}, 0, default, state="failed", why=why)
            self._keep(self.ledger.trials[number])
            self._count += 1
            self._open_arms = [other for other in self._open_arms if other != arm]
            study.tell(number, "failed", None)
            return None
        seen = [trial for trial in begun if trial.params == params]
        if seen and seen[0].number not in self.ledger.trials:
            self._held[arm] += 1
            study.pass_over(number)
            return None
        if seen:
            study.tell_again(number, seen[0].state, self.ledger.score(seen[0]))
            return None
        once = self._costs.of(arm, params)
        trial = Trial(
            number,
            arm,
            params,
            derive(self._seed, str(arm), len(begun)),
            default,
            baseline=self._strategies[arm.strategy].baseline,
            expected=None if self._timed else once,
            look=given is not None and not default,
        )
        self._count += 1
        folds = range(self.ledger.k)
        cheap = self._budget.seconds is None or once * len(folds) <= CHEAP_SHARE * self._budget.seconds
        return self._begin(trial, tuple(folds) if cheap else (0,))

    def _retry(self, entry: Entry) -> Job:
        assert entry.running is not None
        trial = entry.trial
        if not trial.folds:
            self._studies[trial.arm].ask_again(trial.number, trial.params)
        return self._begin(trial, entry.running.folds, attempts=entry.running.attempts + 1)

    def _begin(self, trial: Trial, folds: tuple[int, ...], *, attempts: int = 1) -> Job:
        running = Running(folds, attempts)
        self._oversight.begin(trial)
        self._keep(trial, running)
        self._running[trial.number] = trial, running
        return job_of(trial, folds)

    def _keep(self, trial: Trial, running: Running | None = None) -> None:
        if self._journal is not None:
            self._journal.write(trial, running)

    def _patience(self, trial: Trial) -> float:
        """The seconds that a trial of a baseline may take, where there are other arms to try or to choose.

        After its first look a baseline competes like any arm.
        """
        scored = {arm for arm in self.ledger.arms() if self.ledger.of(arm)}
        others = {*self._starts.waiting, *self._open_arms, *scored} - {*self._baselines}
        if not others or (trial.arm in self._looks and not trial.look):
            return math.inf
        return (FIRST_LOOK_SHARE if trial.look else BASELINE_SHARE) * (self._until() - self._started)

    def _enter(self, outcome: Outcome) -> Trial:
        self._ended = self._clock.now()
        trial, _ = self._running[outcome.job.number]
        new = not trial.folds
        if new and outcome.state != "pruned" and len(outcome.folds) == len(outcome.job.folds):
            self._learn_pace(trial, outcome.seconds, len(outcome.folds))
        if trial.look:  # its defaults tell more
            trial.barred |= frozenset(range(1, len(self.ledger.labels)))
        changed = self.ledger.add(trial, outcome, now=self._clock.now() - self._started)
        del self._running[trial.number]
        self._held.clear()
        for each in (trial, *(other for other in changed if other is not trial)):
            self._keep(each, self._running[each.number][1] if each.number in self._running else None)
        self._open_arms = [arm for arm in self._open_arms if not self._is_done(arm)]
        if new:  # only now: a study is closed by what the journal says, never the other way round
            self._studies[trial.arm].tell(trial.number, outcome.state, self.ledger.score(trial))
        else:
            self._tell_gone_on(trial)
        return trial

    def _tell_gone_on(self, trial: Trial) -> None:
        if trial.gone_on and trial.state == "complete" and trial.arm in self._studies:
            self._studies[trial.arm].gone_on(trial.number, self.ledger.score(trial))

    def _is_done(self, arm: Arm) -> bool:
        """Whether an arm cannot say what to try, has failed REPEATS times and never ended well, or only
        repeats itself.
        """
        own = [trial for trial in self.ledger.trials.values() if trial.arm == arm]
        failed = bool(own) and {trial.state for trial in own} == {"failed"}
        mute = any(trial.state == "failed" and not trial.params for trial in own)
        return mute or (failed and len(own) >= REPEATS) or self._studies[arm].repeated >= REPEATS

    def _learn_pace(self, trial: Trial, seconds: float, folds: int) -> None:
        if self._timed and folds and trial.state != "pruned" and trial.arm in self._studies:
            self._costs.learn(trial.arm, trial.params, seconds, folds)
