import dataclasses

from autotl_kit.patient import Patient

from autotl.testing.executor import ExecutorChecks, job, listen, work


class TestPatient(ExecutorChecks):
    executor = Patient(pause=0.0)


class OutOfMemory:
    """Work that runs out of memory in its first ``times`` calls."""

    def __init__(self, times):
        self.left, self.jobs = times, []

    def __call__(self, job, on_progress):
        self.jobs.append(job)
        outcome = work(job, on_progress)
        if self.left:
            self.left -= 1
            return dataclasses.replace(
                outcome, state="failed", folds=(), why="out of memory: 3 GiB requested"
            )
        return outcome


def test_a_job_that_ran_out_of_memory_is_repeated_after_a_pause():
    failing, slept = OutOfMemory(1), []
    (outcome,) = Patient(pause=2.0, sleep=slept.append).run([job(0)], failing, listen)
    assert outcome.state == "complete"
    assert failing.jobs == [job(0), job(0)]
    assert slept == [2.0]


def test_a_job_is_repeated_only_once():
    failing = OutOfMemory(9)
    outcomes = list(Patient(pause=0.0).run([job(0), job(1)], failing, listen))
    assert [outcome.state for outcome in outcomes] == ["failed", "failed"]
    assert len(failing.jobs) == 4


def test_other_failures_are_final():
    slept = []
    (outcome,) = Patient(sleep=slept.append).run([job(0, fails=True)], work, listen)
    assert outcome.state == "failed"
    assert not slept
