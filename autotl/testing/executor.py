"""Check the contract of an executor, for built-ins and plugins alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from autotl.api import Epoch, Executor, FoldScore, Job, JobProgress, OnProgress, Outcome, State

STEPS = 3


def work(job: Job, on_progress: OnProgress) -> Outcome:
    """Simulate training, or a failure if the settings ask."""
    scores: list[FoldScore] = []
    for fold in job.folds or (-1,):
        if job.params.get("fails"):
            return Outcome(job, "failed", tuple(scores), 0.0, "ValueError: as requested")
        for step in range(1, STEPS + 1):
            if ended := on_progress(job, JobProgress(fold, Epoch(step, 0.5, step / STEPS))):
                return Outcome(job, ended, tuple(scores), 0.0, "as requested")
        if job.folds:
            scores.append(FoldScore(fold, 0.5, np.zeros((2, 2), np.float32), 0.0, STEPS))
    return Outcome(job, "complete", tuple(scores), 0.0)


def listen(job: Job, said: JobProgress) -> State | None:
    """Let every job run to its end."""
    return None


@dataclass
class Queue:
    """An iterable of jobs that records pulls and messages.

    Attributes:
        jobs: The jobs.
        pulled: The number of jobs that were pulled.
        said: The job and the step of each call of :meth:`on_progress`.
    """

    jobs: list[Job]
    pulled: int = 0
    said: list[tuple[int, int]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Job]:
        for job in self.jobs:
            self.pulled += 1
            yield job

    def on_progress(self, job: Job, said: JobProgress) -> State | None:
        """Record the job and the step, and let the job continue."""
        self.said.append((job.number, said.epoch.step))
        return None


def job(number: int, *, folds: tuple[int, ...] = (0,), fails: bool = False) -> Job:
    """Return a job that takes almost no time.

    Args:
        number: The number of the trial.
        folds: The folds.
        fails: Whether the job fails.
    """
    return Job(number, "x", "y", {"fails": fails}, number, folds)


class ExecutorChecks:
    """Conformance checks of :class:`autotl.api.Executor`, to be subclassed.

    >>> from autotl.builtin.executors.serial import Serial
    >>> class TestSerial(ExecutorChecks):
    ...     executor = Serial()

    Attributes:
        executor: The executor to check.
        room: The number of jobs that it runs at once.
    """

    executor: Executor
    room: int = 1

    def test_it_says_what_it_is(self) -> None:
        assert isinstance(self.executor, Executor)
        assert self.executor.name.isidentifier()
        assert self.executor.summary
        assert "\n" not in self.executor.summary

    def test_every_job_comes_back_exactly_once(self) -> None:
        jobs = [job(n, folds=(0, 1)) for n in range(7)]
        outcomes = list(self.executor.run(jobs, work, listen, workers=self.room))
        assert sorted(outcome.job.number for outcome in outcomes) == list(range(7))
        assert all(outcome.job == jobs[outcome.job.number] for outcome in outcomes)
        assert all([each.fold for each in outcome.folds] == [0, 1] for outcome in outcomes)

    def test_more_folds_of_a_trial_are_a_job_of_their_own(self) -> None:
        outcomes = list(
            self.executor.run([job(3), job(3, folds=(1,)), job(3, folds=())], work, listen, workers=self.room)
        )
        assert sorted(outcome.job.folds for outcome in outcomes) == [(), (0,), (1,)]

    def test_no_jobs_give_no_outcomes(self) -> None:
        assert list(self.executor.run([], work, listen, workers=self.room)) == []

    def test_what_a_job_says_is_passed_on_with_the_job(self) -> None:
        queue = Queue([job(0), job(1)])
        list(self.executor.run(queue, work, queue.on_progress, workers=self.room))
        assert sorted(queue.said) == [(n, step) for n in (0, 1) for step in range(1, STEPS + 1)]

    def test_the_answer_ends_that_job_and_no_other(self) -> None:
        steps: list[int] = []

        def on_progress(job: Job, said: JobProgress) -> State | None:
            steps.append(job.number)
            return "stopped" if job.number == 1 else None

        outcomes = list(self.executor.run([job(n) for n in range(3)], work, on_progress, workers=self.room))
        assert {outcome.job.number: outcome.state for outcome in outcomes} == {
            0: "complete",
            1: "stopped",
            2: "complete",
        }
        assert steps.count(1) == 1

    def test_a_failed_job_does_not_end_the_others(self) -> None:
        jobs = [job(n, fails=n == 1) for n in range(4)]
        outcomes = list(self.executor.run(jobs, work, listen, workers=self.room))
        assert sorted(outcome.job.number for outcome in outcomes if outcome.state == "failed") == [1]
        assert len(outcomes) == 4
        assert all(outcome.why for outcome in outcomes if outcome.state == "failed")

    def test_the_next_job_is_pulled_only_when_there_is_room(self) -> None:
        """The search chooses each job by the scores of earlier jobs."""
        queue = Queue([job(n) for n in range(8)])
        outcomes = iter(self.executor.run(queue, work, listen, workers=self.room))
        assert queue.pulled == 0
        for read in range(1, 8):
            next(outcomes)
            assert queue.pulled < read + self.room
        assert len(list(outcomes)) == 1
        assert queue.pulled == 8

    def test_no_job_now_is_asked_for_again_after_the_next_outcome(self) -> None:
        """The search may wait until a running job has ended."""
        if self.room == 1:
            return  # a serial executor never receives None
        running: set[int] = set()

        def jobs() -> Iterator[Job | None]:
            for number in range(4):
                while running:
                    yield None
                running.add(number)
                yield job(number)

        ended = []
        for outcome in self.executor.run(jobs(), work, listen, workers=self.room):
            running.remove(outcome.job.number)
            ended.append(outcome.job.number)
        assert ended == [0, 1, 2, 3]

    def test_closing_the_outcomes_stops_the_rest(self) -> None:
        queue = Queue([job(n) for n in range(50)])
        outcomes = self.executor.run(queue, work, queue.on_progress, workers=self.room)
        next(iter(outcomes))
        if close := getattr(outcomes, "close", None):
            close()
        del outcomes
        pulled, said = queue.pulled, len(queue.said)
        assert pulled <= self.room
        assert [each.state for each in self.executor.run([job(0)], work, listen, workers=self.room)] == [
            "complete"
        ]
        assert (queue.pulled, len(queue.said)) == (pulled, said)
