"""A search that is killed anywhere and resumed continues unchanged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import optuna
import pytest
from safetensors.numpy import load_file, save_file

from autotl.api import Arm, Job, OnProgress, Outcome
from autotl.builtin.executors.serial import Serial
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal, StartedJob
from autotl.trials.restore import DIED, restore
from tests.support.journalled_search import JournalledSearch


class Killed(BaseException):
    """The process ends here."""


Make = Callable[..., JournalledSearch]


@pytest.fixture
def make(fakes: ModuleType, tmp_path: Path) -> Make:
    def rig(folder: str = "run", trials: int = 9, strategies: list[Any] | None = None) -> JournalledSearch:
        usual = [
            fakes.Fake("a", 0.8, seconds=2),
            fakes.Fake("b", 0.75),
            fakes.Fake("scratch", 0.5, seconds=3, baseline=True),
            coarse(fakes)("c", 0.7, seconds=0.5),
        ]
        return JournalledSearch(fakes, usual if strategies is None else strategies, trials, tmp_path / folder)

    return rig


def coarse(fakes: ModuleType) -> type[Any]:
    class Coarse(fakes.Fake):  # type: ignore[name-defined,misc]
        """Suggests the same repeatedly, so that its arm ends."""

        def suggest(self, space: Any, task: object, backbone: object) -> dict[str, float]:
            return {"x": space.suggest_categorical("x", [0.5, 0.75])}

    return Coarse


class Mortal:
    """Ends the process at its n-th step."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
        self._left, self._patch = after, monkeypatch
        self.dead = False

    def __call__(self, owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def step(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self.dead or self._left <= 0:
                self.dead = True
                raise Killed
            return real(*args, **kwargs)

        self._patch.setattr(owner, name, step)


@pytest.mark.parametrize("every", [pytest.param(1, marks=pytest.mark.slow), 6, 17])
def test_a_search_killed_repeatedly_equals_an_uninterrupted_one(
    make: Make, every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make("whole")
    whole.run()
    lives = 0
    while True:
        rig = make("killed")
        with monkeypatch.context() as patched:
            mortal = Mortal(patched, every + lives)  # ever later, or it would not get past the first step
            for name in ("write",):
                mortal(Journal, name)
            for name in ("ask", "tell", "enqueue_trial"):
                mortal(optuna.Study, name)
            mortal(type(rig.work), "__call__")
            mortal(optuna.Trial, "set_user_attr")
            mortal(TrialHistory, "add")
            try:
                rig.run()
                break
            except Killed:
                lives += 1
        forgive(rig)
    assert lives > 2
    assert rig.found() == whole.found()


def forgive(rig: JournalledSearch) -> None:
    """Count one attempt for each trial, however often it was killed."""
    entries, _ = rig.journal.read(rig.history.targets, 2)
    for entry in entries:
        if entry.started is not None:
            rig.journal.write(entry.trial, StartedJob(entry.started.folds, 1))


def killing(rig: JournalledSearch, number: int) -> None:
    """Let the process end in trial ``number``."""
    work = rig.work

    def dying(job: Job, on_progress: OnProgress) -> Outcome:
        if job.number == number:
            raise Killed
        return work(job, on_progress)

    with pytest.raises(Killed):
        for _ in rig.search.run(Serial(), dying):
            pass


def as_killed(rig: JournalledSearch, number: int) -> None:
    """A killed process does not count as a failed attempt."""
    (entry,) = [e for e in rig.journal.read(rig.history.targets, 2)[0] if e.trial.number == number]
    assert entry.started is not None
    rig.journal.write(entry.trial, StartedJob(entry.started.folds, entry.started.attempts + 1))


def test_a_trial_that_ends_the_process_twice_has_failed(make: Make) -> None:
    for _ in range(2):
        rig = make()
        killing(rig, 4)
        as_killed(rig, 4)
    rig = make()
    assert "Trial 4" in rig.resumed.notes[0]
    rig.run()
    assert rig.history.trials[4].state == "failed"
    assert rig.history.trials[4].why == DIED
    assert len(rig.history.trials) == 9


def test_trials_of_a_network_that_is_gone_are_kept_but_not_chosen(make: Make, fakes: ModuleType) -> None:
    rig = make()
    rig.run()
    best = rig.history.best()
    assert best is not None
    asked: list[int] = []
    history = TrialHistory(rig.work.labels(), use_cost=lambda trial: float(asked.append(trial.number) or 1))
    record = restore(history, rig.journal, [], classes=2, timed=False, networks=["another"])
    scored = sum(bool(trial.folds) for trial in history.trials.values())
    expected = f"Trials of net cannot be chosen ({scored} with a score): the network is not part of this run."
    assert record.notes == (expected,)
    assert len(history.trials) == len(rig.history.trials)
    assert [each.score for each in history.records()] == [each.score for each in rig.history.records()]
    assert history.best() is None
    assert asked == []


def test_a_network_that_is_gone_is_not_noted_if_all_its_trials_failed(make: Make) -> None:
    rig = make()
    rig.run()
    for trial in rig.history.trials.values():
        trial.folds.clear()
        trial.state, trial.why = "failed", "out of memory"
        rig.journal.write(trial)
    history = TrialHistory(rig.work.labels())
    record = restore(history, rig.journal, [], classes=2, timed=False, networks=["another"])
    assert record.notes == ()
    assert len(history.trials) == len(rig.history.trials)


def test_a_trial_interrupted_by_the_user_is_retried_without_limit(make: Make) -> None:
    for _ in range(4):
        rig = make()
        assert rig.resumed.notes == ()
        killing(rig, 4)
    rig = make()
    rig.run()
    assert rig.history.trials[4].state == "complete"


def test_an_extension_that_ends_the_process_twice_keeps_earlier_results(make: Make, tmp_path: Path) -> None:
    rig = make()
    rig.run()
    trial = rig.history.trials[0]
    del trial.folds[3]
    rig.journal.write(trial, StartedJob((3,), 2))
    again = make()
    assert again.resumed.unfinished == ()
    assert again.history.trials[0].state == "complete"
    assert again.history.trials[0].excluded_folds == {3}


def test_a_malformed_or_foreign_file_loses_only_its_trial(make: Make) -> None:
    rig = make()
    rig.run()
    files = sorted((rig.folder / "journal").iterdir())
    files[3].write_bytes(files[3].read_bytes()[:-7])
    files[4].write_bytes(b"")
    save_file({"x": np.zeros(3)}, files[5])
    save_file(load_file(files[6]), files[6].with_name("0099.safetensors"))
    files[7].rename(files[7].with_name("0077.safetensors"))
    (rig.folder / "journal" / ".0001.safetensors.tmp.safetensors").write_bytes(b"half")
    again = make()
    assert set(again.history.trials) == set(range(9)) - {3, 4, 5, 7}
    assert len(again.resumed.notes) == 5
    again.run()


def test_weights_outside_the_run_folder_are_rejected(make: Make, tmp_path: Path) -> None:
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"precious")
    rig = make()
    rig.run()
    file = rig.folder / "journal" / "0001.safetensors"
    content = file.read_bytes()
    name = b"weights/1.safetensors"
    other = b"../mine.safetensors  "
    assert len(name) == len(other)
    assert name in content
    file.write_bytes(content.replace(name, other))
    assert "inside the run folder" in make().resumed.notes[0]
    assert mine.read_bytes() == b"precious"


def test_a_trial_read_equals_the_trial_written(make: Make) -> None:
    rig = make()
    rig.run()
    again = make()
    assert again.found() == rig.found()
    for number, trial in rig.history.trials.items():
        other = again.history.trials[number]
        for fold, each in trial.folds.items():
            np.testing.assert_array_equal(each.outputs, other.folds[fold].outputs)
        assert {f: Path(p).name for f, p in trial.models.items()} == {
            f: Path(p).name for f, p in other.models.items()
        }
        assert (trial.seed, trial.expected_fold_seconds, trial.finished_at, trial.baseline) == (
            other.seed,
            other.expected_fold_seconds,
            other.finished_at,
            other.baseline,
        )


def test_trials_of_a_removed_strategy_stay_and_a_new_strategy_runs(make: Make, fakes: ModuleType) -> None:
    rig = make(trials=6)
    rig.run()
    before = [row for row in rig.found() if row[1] == "a"]
    new = [fakes.Fake("b", 0.75), fakes.Fake("d", 0.9)]
    later = make(trials=10, strategies=new)
    later.run()
    assert [row for row in later.found() if row[1] == "a"] == before
    assert {trial.arm for trial in later.history.trials.values()} >= {Arm("d", "net"), Arm("a", "net")}
    assert {job.strategy for job in later.work.jobs} <= {"b", "d"}


def test_a_search_with_a_lost_study_continues(make: Make) -> None:
    rig = make(trials=6)
    rig.run()
    (rig.folder / "study.db").unlink()
    again = make(trials=9)
    again.run()
    assert again.found()[:6] == rig.found()
    assert len(again.history.trials) == 9


def test_trial_costs_do_not_depend_on_the_clock_without_a_time_limit(make: Make) -> None:
    rig = make()
    rig.run()
    slow = make("slow")
    slow.clock.advance(1000.0)
    real = slow.clock.advance
    slow.clock.advance = lambda seconds: real(seconds * (1 + len(slow.work.jobs) % 7))  # type: ignore[method-assign]
    slow.run()
    assert slow.found() == rig.found()


def test_trials_are_not_lost_by_a_wrong_number_of_classes(make: Make) -> None:
    rig = make(trials=2)
    rig.run()
    entries, told = rig.journal.read(rig.history.targets, 3)
    assert (len(entries), len(told)) == (0, 2)
    assert "must have shape (20, 3)" in told[0]
