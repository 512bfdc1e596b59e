import dataclasses

from autotl_kit.patient import Patient

from autotl.testing.executor import ExecutorChecks, job, listen, work


class TestPatient(ExecutorChecks):
    executor = Patient(pause=0.0)


class Short:
    """Work that fails its first ``times`` times for lack of memory."""

    def __init__(self, times):
        self.left, self.seen = times, []

    def __call__(self, job, go):
        self.seen.append(job)
        outcome = work(job, go)
        if self.left:
            self.left -= 1
            return dataclasses.replace(outcome, state="failed", folds=(), why="out of memory: 3 GiB wanted")
        return outcome


def test_a_job_that_ran_out_of_memory_is_tried_once_more_after_a_pause():
    short, slept = Short(1), []
    (outcome,) = Patient(pause=2.0, sleep=slept.append).run([job(0)], short, listen)
    assert outcome.state == "complete"
    assert short.seen == [job(0), job(0)]
    assert slept == [2.0]


def test_it_is_not_tried_a_third_time():
    short = Short(9)
    outcomes = list(Patient(pause=0.0).run([job(0), job(1)], short, listen))
    assert [outcome.state for outcome in outcomes] == ["failed", "failed"]
    assert len(short.seen) == 4


def test_other_failures_are_final():
    slept = []
    (outcome,) = Patient(sleep=slept.append).run([job(0, fails=True)], work, listen)
    assert outcome.state == "failed"
    assert not slept
