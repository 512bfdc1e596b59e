"""A search that prunes trials, resumes some, and is killed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import optuna
import pytest

from autotl.api import Arm, Checkpoint, Epoch, FoldScore, Job, JobProgress, OnProgress, Outcome, State
from autotl.builtin.executors.serial import Serial
from autotl.clock import Budget, FakeClock
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.arm_study import MEDIAN_TRIALS, ArmStudy
from autotl.search.studies.attributes import BRACKET, NUMBER, RESUMED
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.hyperband import GRACE, STEPS
from autotl.search.studies.optuna_storage import open_storage
from autotl.seeds import derive
from autotl.terminal import Silence
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal, StartedJob
from autotl.trials.restore import restore

VAL, FOLDS = 60, 2


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Rising:
    """Work whose scores rise to the end, some late, so that pruned trials may have been the best.

    It resumes from a file with the number of steps, unless it is ``forgetful``.
    """

    clock: FakeClock
    folder: Path
    forgetful: bool = False
    steps: list[tuple[int, int]] = field(default_factory=list)

    def labels(self) -> list[np.ndarray]:
        return [np.arange(VAL) % 2 for _ in range(FOLDS)]

    def __call__(self, job: Job, on_progress: OnProgress) -> Outcome:
        begun, scores = self.clock.now(), []
        state: State = "complete"
        left = None
        for fold in job.folds:
            taken = self._taken(job) if fold == 0 else 0
            for step in range(taken + 1, STEPS + 1):
                self.steps.append((job.number, step))
                self.clock.advance(0.1)
                score = self._score(job, fold, step)
                if ended := on_progress(job, JobProgress(fold, Epoch(step, score, step / STEPS))):
                    state = ended
                    break
            hits = np.arange(VAL) < round(score * VAL)
            logits = np.eye(2, dtype=np.float32)[np.where(hits, np.arange(VAL) % 2, 1 - np.arange(VAL) % 2)]
            scores.append(FoldScore(fold, score, logits, self.clock.now() - begun, step))
            if state != "complete":
                left = self._left(job, step) if state == "pruned" and not self.forgetful else None
                break
        model = self.folder / f"{job.number}.safetensors"
        model.write_bytes(b"weights")
        models = {0: str(model)} if 0 in job.folds else {}
        return Outcome(job, state, tuple(scores), self.clock.now() - begun, "", models, 32, left)

    def _taken(self, job: Job) -> int:
        path = Path(job.checkpoint)
        return int(path.read_text()) if job.checkpoint and path.is_file() else 0

    def _left(self, job: Job, step: int) -> Checkpoint:
        path = self.folder / f"{job.number}.checkpoint"
        path.write_text(str(step))
        return Checkpoint(str(path), step / STEPS)

    def _score(self, job: Job, fold: int, step: int) -> float:
        rng = np.random.default_rng(derive(job.seed, "late"))
        end, bend = 0.7 + 0.25 * rng.random() - 0.02 * fold, 0.5 + 2 * rng.random()
        return round(end * (step / STEPS) ** bend * VAL) / VAL


class Rig:
    """A search over one strategy that is kept in ``folder``."""

    def __init__(self, fakes: ModuleType, folder: Path, trials: int, **work: Any) -> None:
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        named = {"a": fakes.Fake("a")}
        backbones = {"net": fakes.backbone()}
        arms, _ = plan_arms(named, backbones, dict.fromkeys(backbones, fakes.TASK), machine=fakes.MACHINE)
        self.clock = FakeClock()
        self.work = Rising(self.clock, folder / "weights", **work)
        self.history = TrialHistory(self.work.labels())
        self.journal = Journal(folder, self.clock.now)
        resumed = restore(self.history, self.journal, arms, classes=2, timed=False)
        self.storage = open_storage(folder / "study.db")
        self.search = Search(
            SearchSpace(arms, named, backbones, dict.fromkeys(backbones, fakes.TASK), fakes.MACHINE),
            resumed,
            SearchTime(Budget(trials=trials), self.clock, lambda: float("inf")),
            StudyFactory(self.storage, seed=3),
            Silence(),
        )

    def run(self) -> list[tuple[int, str]]:
        return [(trial.number, trial.state) for trial in self.search.run(Serial(), self.work)]

    def found(self) -> list[tuple[Any, ...]]:
        return [(r.number, r.params, r.score, r.folds, r.state, r.gone_on) for r in self.history.records()]

    def told(self) -> list[optuna.trial.FrozenTrial]:
        return optuna.load_study(study_name="a · net", storage=self.storage).get_trials()


@pytest.fixture
def make(fakes: ModuleType, tmp_path: Path) -> Callable[..., Rig]:
    def rig(folder: str = "run", trials: int = 24, **work: Any) -> Rig:
        return Rig(fakes, tmp_path / folder, trials, **work)

    return rig


def test_pruned_trials_are_resumed_from_their_checkpoint_and_told_to_optuna(
    make: Callable[..., Rig],
) -> None:
    rig = make()
    turns = rig.run()
    resumed = [trial for trial in rig.history.trials.values() if trial.resumed]
    assert resumed
    assert len(rig.history.trials) == 24  # going on is no trial more
    for trial in resumed:
        own = [state for number, state in turns if number == trial.number]
        assert own[:2] == ["pruned", "complete"]
        first_fold = [step for number, step in rig.work.steps if number == trial.number][:STEPS]
        assert first_fold == list(range(1, STEPS + 1))  # no step is taken twice
        assert trial.checkpoint is None
    again = [each for each in rig.told() if RESUMED in each.user_attrs]
    assert {each.user_attrs[NUMBER] for each in again} == {trial.number for trial in resumed}
    assert all(each.state == optuna.trial.TrialState.COMPLETE for each in again)
    left = {t.number for t in rig.history.trials.values() if t.checkpoint}
    assert {int(path.stem) for path in rig.work.folder.glob("*.checkpoint")} == left


def test_no_trial_is_resumed_without_a_checkpoint(make: Callable[..., Rig]) -> None:
    rig = make(forgetful=True)
    rig.run()
    states = {trial.state for trial in rig.history.trials.values()}
    assert states == {"complete", "pruned"}
    assert not any(trial.resumed for trial in rig.history.trials.values())


@pytest.mark.parametrize(
    "every", [pytest.param(3, marks=pytest.mark.slow), 40, pytest.param(90, marks=pytest.mark.slow)]
)
def test_a_search_killed_repeatedly_equals_an_uninterrupted_one(
    make: Callable[..., Rig], every: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make("whole")
    whole.run()
    assert any(trial.resumed for trial in whole.history.trials.values())
    lives = 0
    while True:
        rig = make("killed")
        with monkeypatch.context() as patched:
            left = [every + 3 * lives]
            for owner, name in (
                (Journal, "write"),
                (TrialHistory, "add"),
                (optuna.Study, "ask"),
                (optuna.Study, "tell"),
                (optuna.Study, "add_trial"),
                (optuna.Trial, "report"),
                (optuna.Trial, "set_user_attr"),
                (Rising, "_left"),
            ):
                patched.setattr(owner, name, mortal(getattr(owner, name), left))
            try:
                rig.run()
                break
            except Killed:
                lives += 1
        for entry in rig.journal.read(rig.history.targets, 2)[0]:
            if entry.started is not None:  # as if it had been killed once only
                rig.journal.write(entry.trial, StartedJob(entry.started.folds, 1))
    assert lives > 2
    assert rig.found() == whole.found()


def mortal(real: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    """Return the function, which raises once no step is left."""

    def step(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] <= 0:
            raise Killed
        return real(*args, **kwargs)

    return step


def study_of(fakes: ModuleType, storage: optuna.storages.BaseStorage) -> ArmStudy:
    return ArmStudy(Arm("a", "net"), fakes.space_of(fakes.Fake("a")), storage=storage, seed=0)


def race(study: ArmStudy, count: int, score: Callable[[int], float]) -> dict[int, int]:
    """Run trials, and return the tenth at which each was pruned."""
    stopped: dict[int, int] = {}
    for number in range(count):
        study.ask(number, default=number == 0)
        for part in (1, GRACE, GRACE + 1, 2 * GRACE, STEPS - 1):
            if study.should_prune(number, score(number), part / STEPS):
                stopped[number] = part
                break
        study.tell(number, "pruned" if number in stopped else "complete", score(number))
    return stopped


def test_few_trials_are_pruned_by_the_median_and_many_by_halving(fakes: ModuleType) -> None:
    few = race(study_of(fakes, open_storage(None)), MEDIAN_TRIALS, lambda n: (0.5, 0.4)[n % 2])
    assert set(few.values()) == {GRACE}  # the median is asked at each tenth after the grace
    assert min(few) >= 4  # not before there are enough
    worse = race(
        study_of(fakes, open_storage(None)), 40, lambda n: 1.0 - n / 100
    )  # each worse than all before
    assert {worse[n] for n in range(MEDIAN_TRIALS, 40)} == {
        GRACE,
        2 * GRACE,
    }  # the first rungs of two brackets
    better = race(study_of(fakes, open_storage(None)), 40, lambda n: n / 100)
    assert not {n for n in better if n >= MEDIAN_TRIALS}


def test_brackets_depend_on_the_seed_and_not_on_a_killed_process(fakes: ModuleType, tmp_path: Path) -> None:
    def score(number: int) -> float:
        return float(np.random.default_rng(number).random())

    alone = race(study_of(fakes, open_storage(None)), 28, score)
    storage = open_storage(None, f"sqlite:///{tmp_path / 'shared.db'}", "a run's name")
    for _ in range(3):  # each leaves a trial with high scores on every rung
        killed = study_of(fakes, storage)
        killed.ask(0, default=True)
        for part in (GRACE, 2 * GRACE):
            killed.should_prune(0, 2.0, part / STEPS)
    shared = study_of(fakes, storage)
    assert race(shared, 28, score) == alone
    assert {n for n in alone if n >= MEDIAN_TRIALS}
    assert all(BRACKET in each.user_attrs for each in shared._study.get_trials())


def test_the_journal_has_intermediate_scores_and_checkpoints(make: Callable[..., Rig]) -> None:
    rig = make(trials=12)
    rig.run()
    entries = {each.trial.number: each.trial for each in rig.journal.read(rig.history.targets, 2)[0]}
    assert any(trial.checkpoint for trial in entries.values())
    for number, trial in rig.history.trials.items():
        read = entries[number]
        assert (read.intermediate_scores, read.checkpoint, read.resumed) == (
            trial.intermediate_scores,
            trial.checkpoint,
            trial.resumed,
        )
