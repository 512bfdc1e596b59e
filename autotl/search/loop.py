"""Run all defaults first, then the actions with the highest gains."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from autotl.api import Arm, Executor, Job, Outcome, Params, Watch, Work
from autotl.budget.policy import POLICY
from autotl.errors import FAILURES, PluginError, described
from autotl.files import is_full
from autotl.search.acquisition import LEAST_GAIN, Situation, next_action
from autotl.search.actions import NextFold, ResumeTrial
from autotl.search.cost_model import CostModel
from autotl.search.first_look import FirstLooks
from autotl.search.longer_training import LongerTrainings
from autotl.search.next_arm import ArmQueue
from autotl.search.running_jobs import RunningJobs
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.stopping.exhausted_arm import REPEATS, is_exhausted
from autotl.search.stopping.monitor import TrialMonitor
from autotl.search.stopping.rule import StoppingContext
from autotl.search.stopping.rules import StoppingRules
from autotl.search.studies.factory import StudyFactory
from autotl.seeds import derive
from autotl.training import preserve_global_state
from autotl.trials.journal import JournalEntry
from autotl.trials.restore import SearchRecord
from autotl.trials.trial import Trial


class Search:
    """A search over arms.

    Args:
        space: The arms, with all that their trials need.
        record: The trials of an earlier process, and the journal that each change of a trial is written to.
        time: The budget.
        studies: Makes the study of each arm.
        watch: Shows the progress.
        workers: How many trials run at once.
    """

    def __init__(
        self,
        space: SearchSpace,
        record: SearchRecord,
        time: SearchTime,
        studies: StudyFactory,
        watch: Watch,
        workers: int = 1,
    ) -> None:
        self._space, self._time, self._workers = space, time, workers
        self._seed = studies.seed
        self.history = history = record.history
        self._studies = studies.make(space, history, workers=workers)
        self._unfinished = list(record.unfinished)
        started = [*history.trials.values(), *(entry.trial for entry in self._unfinished)]
        self._count = 1 + max((trial.number for trial in started), default=-1)
        self._open_arms = self._without_exhausted(space.arms)
        self._costs, self._first_looks = CostModel(space), FirstLooks(space, history)
        self._due_baselines = [arm for arm in space.baselines if arm not in self._first_looks]
        self._longer = LongerTrainings(space, history, self._costs, time.budget)
        self._queue = ArmQueue(
            [arm for arm in space.arms if not any(each.arm == arm and each.default for each in started)],
            space.baselines,
            self._first_looks,
            self._costs,
            history,
            time.budget,
            self._longer,
            studies.warm_start,
        )
        for trial in history.trials.values():
            self._update_costs(trial, trial.seconds, len(trial.folds))
            self._tell_resumed(trial)  # the earlier process may have ended before it did so
        self._running = RunningJobs(record.journal)
        self._seconds_between = 0.0  # moving average of the time from the end of a job to the next one
        self._last_end: float | None = None
        self._start = time.clock.now() - max((trial.finished_at for trial in started), default=0.0)
        context = StoppingContext(history, self._studies, time.clock, time.ends_at, self._baseline_seconds)
        self._rules = StoppingRules(context)
        self._monitor = TrialMonitor(self._rules, time.clock, watch)

    def run(self, executor: Executor, work: Work) -> Iterator[Trial]:
        """Yield each trial after a job of it has ended.

        Closing the iterator ends the search.

        Args:
            executor: Runs the jobs.
            work: Runs one job.

        Raises:
            PluginError: The executor tried to end the program.
        """
        report, device = self._monitor.on_progress, self._space.machine.device
        try:
            for outcome in executor.run(self._jobs(), work, report, workers=self._workers, device=device):
                yield self._add(outcome)
        except SystemExit as error:  # code of a plugin
            raise PluginError(
                f"The executor {executor.name} ended the program: {described(error)}."
            ) from error
        finally:
            self._running.abandon()

    def _jobs(self) -> Iterator[Job | None]:
        """Yield jobs; None means to wait for a running trial."""
        while (job := self._next_job()) is not None or self._running:
            if job is not None and self._time.limited and self._last_end is not None:
                elapsed = self._time.clock.now() - self._last_end
                self._seconds_between = 0.5 * (self._seconds_between + elapsed)
                self._last_end = None
            yield job

    @preserve_global_state()  # settings and costs are a plugin's code
    def _next_job(self) -> Job | None:
        left = self._time.left()
        # without any result, an unfinished trial runs again even if no time is left
        if self._unfinished and (left > 0 or self.history.best() is None):
            return self._retry(self._unfinished.pop(0))
        if left <= 0 and self._count:
            return None
        if job := self._waiting_arm(left) or self._longer_training(left):
            return job
        while self._open_arms:
            action = next_action(self.history, self._situation(left))
            if isinstance(action, NextFold):
                return self._start_job(action.trial, (action.fold,))
            if isinstance(action, ResumeTrial):
                return self._start_job(action.trial, (0,))
            if action is None:
                return None
            if job := self._searched_trial(action.arm):
                return job
        return None

    def _waiting_arm(self, left: float) -> Job | None:
        """Return a job for the first look or the defaults of an arm; None if no arm is worth starting."""
        while not self._out_of_trials() and (
            start := self._queue.next(self._started_trials, left=left, count=self._count)
        ):
            look = start.params is not None and not start.default
            if job := self._new_trial(start.arm, default=start.default, given=start.params, look=look):
                return job
        return None

    def _longer_training(self, left: float) -> Job | None:
        """Return a job for a longer training of the leading arm; None if there is none."""
        if self._out_of_trials() or (found := self._longer.next(left=left, arms=self._arms_to_try())) is None:
            return None
        return self._new_trial(found.arm, default=False, given=found.params)

    def _situation(self, left: float) -> Situation:
        return Situation(
            arms=[] if self._out_of_trials() else self._arms_to_try(),
            baselines=self._due_baselines,
            default_seconds=self._costs.default_seconds,
            planned_folds=self._costs.planned_folds,
            seconds_left=left,
            seconds_between=self._seconds_between,
            running=self._costs.running_trials(self._running),
            fold_reason=self._rules.fold_reason,
            least_gain=LEAST_GAIN * self.history.accuracy_scale if self._time.limited else 0.0,
        )

    def _arms_to_try(self) -> list[Arm]:
        arms = (arm for arm in self._open_arms if self._running.refused[arm] < REPEATS)
        arms = (arm for arm in arms if not self._queue.has_only_first_look(arm))
        return [arm for arm in arms if arm in self._due_baselines or not self._rules.arm_reason(arm)]

    def _out_of_trials(self) -> bool:
        trials = self._time.budget.trials
        return trials is not None and self._count >= trials

    def _started_trials(self, arm: Arm) -> list[Trial]:
        """Return the arm's trials, running ones included."""
        known = self.history.trials | self._running.by_number()
        return [trial for trial in known.values() if trial.arm == arm]

    def _searched_trial(self, arm: Arm) -> Job | None:
        """Return a job with new settings, or close the arm."""
        while self._studies[arm].repeated < REPEATS and self._running.refused[arm] < REPEATS:
            number = self._count
            if job := self._new_trial(arm, default=False):
                return job
            if self._count > number:  # the strategy failed to suggest settings
                break
        if self._running.refused[arm] < REPEATS:
            self._open_arms = [other for other in self._open_arms if other != arm]
        return None

    def _new_trial(
        self, arm: Arm, *, default: bool, given: Params | None = None, look: bool = False
    ) -> Job | None:
        """Return a job for a new trial with given or suggested settings.

        Args:
            arm: The arm.
            default: Whether these are its defaults.
            given: The settings; None to ask the study. Known, running or too slow settings give no job.
            look: Whether the trial is a first look.
        """
        number, study, started = self._count, self._studies[arm], self._started_trials(arm)
        try:
            params = study.ask(number, default=default, given=given)
        except FAILURES as error:  # code of a plugin: an arm that cannot suggest settings is left out
            if is_full(error):
                raise
            self._fail_arm(number, arm, default, described(error))
            return None
        same = [trial for trial in started if trial.params == params]
        if same and same[0].number in self.history.trials:
            study.tell_repeated(number, same[0].state, self.history.score(same[0]))
            return None
        fold_seconds = self._costs.fold_seconds(arm, params)
        late = bool(started) and not default and fold_seconds > self._time.left()
        if same or late:
            self._running.refused[arm] += 1
            study.skip(number)
            return None
        trial = Trial(
            number,
            arm,
            params,
            derive(self._seed, str(arm), len(started)),
            default,
            baseline=self._space.strategy(arm).baseline,
            expected_fold_seconds=None if self._time.limited else fold_seconds,
            first_look=look,
        )
        self._count += 1
        folds, seconds = range(self.history.folds_per_repeat), self._time.budget.seconds
        all_folds = seconds is None or fold_seconds * len(folds) <= POLICY.all_folds * seconds
        return self._start_job(trial, tuple(folds) if all_folds else (0,))

    def _fail_arm(self, number: int, arm: Arm, default: bool, why: str) -> None:
        trial = Trial(number, arm, {}, 0, default, state="failed", why=why)
        self.history.trials[number] = trial
        self._running.write(trial)
        self._count += 1
        self._open_arms = [other for other in self._open_arms if other != arm]
        self._studies[arm].tell(number, "failed", None)

    def _retry(self, entry: JournalEntry) -> Job:
        trial, started = entry.trial, entry.started
        assert started is not None
        if not trial.folds:
            self._studies[trial.arm].ask_again(trial.number, trial.params)
        return self._start_job(trial, started.folds, attempts=started.attempts + 1)

    def _start_job(self, trial: Trial, folds: tuple[int, ...], *, attempts: int = 1) -> Job:
        self._monitor.start(trial)
        return self._running.start(trial, folds, attempts=attempts)

    def _baseline_seconds(self, trial: Trial) -> float:
        """Return the limit of a baseline's trial: none if it competes after its first look, or is alone."""
        scored = {arm for arm in self.history.arms() if self.history.scored_trials(arm)}
        others = {*self._queue.waiting, *self._open_arms, *scored} - {*self._space.baselines}
        if not others or (trial.arm in self._first_looks and not trial.first_look):
            return math.inf
        fraction = POLICY.first_look if trial.first_look else POLICY.baselines
        return fraction * (self._time.ends_at() - self._start)

    @preserve_global_state()
    def _add(self, outcome: Outcome) -> Trial:
        """Add an outcome to the history, the journal and the study."""
        now = self._time.clock.now()
        self._last_end = now
        outcome = self._monitor.with_reason(outcome)
        trial = self._running.trial(outcome.job.number)
        new = not trial.folds
        if new and outcome.state != "pruned" and len(outcome.folds) == len(outcome.job.folds):
            self._update_costs(trial, outcome.seconds, len(outcome.folds))
        if trial.first_look:  # the defaults are worth more than further folds
            trial.excluded_folds |= frozenset(range(1, len(self.history.targets)))
        changed = self.history.add(trial, outcome, now=self._time.clock.now() - self._start)
        self._running.end(trial.number)
        for each in (trial, *(other for other in changed if other is not trial)):
            self._running.write(each)
        self._open_arms = self._without_exhausted(self._open_arms)
        if new:  # after the journal, because studies are restored from it
            score = self.history.score(trial)
            self._studies[trial.arm].tell(trial.number, outcome.state, score, trial)
        else:
            self._tell_resumed(trial)
        return trial

    def _tell_resumed(self, trial: Trial) -> None:
        if trial.resumed and trial.state == "complete" and trial.arm in self._studies:
            self._studies[trial.arm].add_resumed(trial.number, self.history.score(trial))

    def _without_exhausted(self, arms: Iterable[Arm]) -> list[Arm]:
        return [arm for arm in arms if not is_exhausted(self.history, arm, self._studies[arm])]

    def _update_costs(self, trial: Trial, seconds: float, folds: int) -> None:
        if self._time.limited and folds and trial.state != "pruned" and trial.arm in self._studies:
            self._costs.update(trial.arm, trial.params, seconds, folds)
