"""Trials run in parallel processes, which may fail or die."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import DIED, Job, JobProgress, Outcome, State
from autotl.builtin.executors.processes import Processes, autotl_executors
from autotl.errors import DiskFull, RunError
from autotl.testing.executor import ExecutorChecks, job, listen

WORK = """
import os, signal, sys, time
from dataclasses import dataclass
from pathlib import Path
from autotl.api import Epoch, Outcome, JobProgress
from autotl.errors import DiskFull

@dataclass
class Work:
    folder: Path

    def __call__(self, job, go):
        how = job.params["how"]
        if how == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "dies once" and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "disk":
            raise DiskFull("No room for weights.")
        for step in range(1, 4 if how != "endless" else 10**9):
            if ended := go(job, JobProgress(0, Epoch(step, 0.5 if how != "silent" else None, step / 3))):
                return Outcome(job, ended, (), 0.0, "as requested")
        return Outcome(job, "complete", (), 0.0, str(os.getpid()))

class Stubborn:
    def __call__(self, job, go): ...
    def __reduce__(self):
        return _no, ()

def _no():
    raise ImportError("no such library here")
"""


class TestProcesses(ExecutorChecks):
    executor = Processes()
    room = 2


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Work in a module that a child can import, and that loads nothing heavy."""
    (tmp_path / "light_work.py").write_text(WORK, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import light_work  # type: ignore[import-not-found]

    yield light_work
    del sys.modules["light_work"]


@pytest.fixture
def run(made: ModuleType, tmp_path: Path) -> Callable[..., list[Outcome]]:
    """Run a job for each way to behave."""

    def run(*ways: str, on_progress: Any = listen, workers: int = 2) -> list[Outcome]:
        jobs = [Job(number, "x", "y", {"how": how}, 0, (0,)) for number, how in enumerate(ways)]
        return list(Processes().run(jobs, made.Work(tmp_path), on_progress, workers=workers))

    return run


def test_the_plugin_offers_it() -> None:
    assert [executor.name for executor in autotl_executors()] == ["processes"]


def test_each_worker_is_a_process_that_stays(run: Callable[..., list[Outcome]]) -> None:
    outcomes = run(*["well"] * 6)
    assert len(outcomes) == 6
    assert len({outcome.why for outcome in outcomes}) == 2


def test_one_trial_is_pruned_and_one_that_would_never_end_is_stopped(
    run: Callable[..., list[Outcome]],
) -> None:
    def on_progress(job: Job, said: JobProgress) -> State | None:
        if job.number == 0 and said.epoch.step > 5:
            return "stopped"
        return "pruned" if job.number == 1 else None

    ended = {
        outcome.job.number: outcome.state
        for outcome in run("endless", "well", "silent", on_progress=on_progress)
    }
    assert ended == {0: "stopped", 1: "pruned", 2: "complete"}


def test_a_trial_without_a_score_still_stops_at_the_deadline(made: ModuleType, tmp_path: Path) -> None:
    calls = Counter[int]()

    def on_progress(job: Job, said: JobProgress) -> State | None:
        calls[job.number] += 1
        return "stopped" if calls[job.number] > 2 else None

    silent = Job(0, "x", "y", {"how": "endless"}, 0, (0,))
    assert [each.state for each in Processes().run([silent], made.Work(tmp_path), on_progress)] == ["stopped"]


def test_a_trial_whose_process_is_killed_is_run_once_more(run: Callable[..., list[Outcome]]) -> None:
    outcomes = run("dies once", "well")
    assert {outcome.job.number: outcome.state for outcome in outcomes} == {0: "complete", 1: "complete"}


def test_a_trial_whose_process_dies_twice_fails_and_the_others_continue(
    run: Callable[..., list[Outcome]],
) -> None:
    outcomes = {outcome.job.number: outcome for outcome in run("dies", "well", "well")}
    assert outcomes[0].state == "failed"
    assert outcomes[0].why.startswith(DIED)
    assert [outcomes[1].state, outcomes[2].state] == ["complete", "complete"]


def test_a_full_disk_ends_the_search_as_it_does_in_one_process(run: Callable[..., list[Outcome]]) -> None:
    with pytest.raises(DiskFull, match=r"No room for weights\."):
        run("disk", "endless")


def test_work_that_cannot_be_unpickled_is_refused(made: ModuleType) -> None:
    with pytest.raises(RunError, match=r"ImportError: no such library here.*workers=1"):
        list(Processes().run([job(0)], made.Stubborn(), listen, workers=1))


def test_work_that_cannot_be_pickled_is_refused() -> None:
    with pytest.raises(RunError, match=r"must be picklable for other processes.*lambda.*workers=1"):
        list(Processes().run([job(0)], lambda job, on_progress: None, listen))  # type: ignore[arg-type,return-value]


def test_no_process_is_left_when_reading_stops(made: ModuleType, tmp_path: Path) -> None:
    seen: list[int] = []

    def on_progress(job: Job, said: JobProgress) -> State | None:
        seen.append(job.number)
        return "stopped" if job.number == 0 else None

    jobs = [Job(n, "x", "y", {"how": "endless"}, 0, (0,)) for n in range(2)]
    outcomes = Processes().run(jobs, made.Work(tmp_path), on_progress, workers=2)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


SCRIPT = """
import sys
from light_work import Work
from autotl.api import Job
from autotl.builtin.executors.processes import Processes

list(Processes().run([Job(0, "x", "y", {"how": "well"}, 0, (0,))], Work("."), lambda job, said: None))
"""


def test_a_script_without_a_guard_gets_advice(made: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(textwrap.dedent(SCRIPT), encoding="utf-8")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "RunError: A worker process could not start" in ended.stderr
    assert "if __name__ == '__main__':" in ended.stderr.splitlines()[-1]
