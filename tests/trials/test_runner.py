"""Running a job, and its result if it ends early."""

from __future__ import annotations

import errno
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from autotl.api import Beat, Job, JobProgress, OnProgress, Outcome, Params, Score, State, Workbench
from autotl.builtin.strategies.baselines.from_scratch import FromScratch
from autotl.cache import Store
from autotl.clock import FakeClock, WallClock
from autotl.errors import DiskFull
from autotl.pipeline.prepare import Prepared
from autotl.seeds import derive
from autotl.testing import tiny_run
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


class LooksAgain:
    """Scores once if told to, then computes features, which takes a pass over all images."""

    baseline = False

    def __init__(self, *, scores: bool) -> None:
        self.scores = scores

    def build(self, params: Params, bench: Workbench) -> LooksAgain:
        self._bench = bench
        return self

    def fit(self) -> Generator[Beat | Score, None, None]:
        if self.scores:
            yield self._bench.score(self._bench.model(), input_size=32, progress=0.5)
        self._bench.features(input_size=32)
        yield self._bench.score(self._bench.model(), input_size=32, epoch=2)


def worker_of(ready: Prepared, folder: Path, strategy: Any) -> TrialRunner:
    run_cache = RunCache(ready.dataset, ready.splits, ready.backbones, Store(folder / "kept"), device="cpu")
    return TrialRunner(
        run_cache,
        ActivationCache(run_cache),
        ready.task,
        {"looks": strategy},
        folder / "trials",
        WallClock(),
    )


def outcome(ready: Prepared, folder: Path, strategy: Any) -> Any:
    worker = worker_of(ready, folder, strategy)
    scored = not strategy.scores

    def on_progress(job: Job, said: JobProgress) -> State | None:
        """The time is up while the features are computed."""
        nonlocal scored
        scored = scored or said.epoch.score is not None
        return "stopped" if scored and said.done is None and said.epoch.score is None else None

    return worker(Job(0, "looks", "tiny", {}, 0, (0,)), on_progress)


def test_a_deadline_during_a_pass_keeps_earlier_scores(ready: Prepared, tmp_path: Path) -> None:
    found = outcome(ready, tmp_path, LooksAgain(scores=True))
    assert found.state == "stopped"
    assert [each.epochs for each in found.folds] == [1]
    assert Path(found.models[0]).is_file()


def test_a_deadline_before_the_first_score_leaves_a_stopped_trial(ready: Prepared, tmp_path: Path) -> None:
    found = outcome(ready, tmp_path, LooksAgain(scores=False))
    assert found.state == "stopped"
    assert found.folds == ()
    assert found.why == "stopped: the time was up"


def test_a_baseline_stopped_before_its_first_score_is_scored_untrained(
    ready: Prepared, tmp_path: Path
) -> None:
    strategy = LooksAgain(scores=False)
    strategy.baseline = True
    found = outcome(ready, tmp_path, strategy)
    assert found.state == "stopped"
    assert [(each.fold, each.epochs) for each in found.folds] == [(0, 0)]
    assert found.folds[0].outputs.shape == (len(ready.splits.folds[0].val), 3)
    assert Path(found.models[0]).is_file()


SETTINGS = {"lr": 3e-3, "weight_decay": 0.05, "epochs": 4, "augment": "shift", "image_size": 32}
TRAINED = Job(3, "looks", "tiny", SETTINGS | {"balance": "none"}, 5, (0,))


def let_be(job: Job, said: JobProgress) -> State | None:
    return None


def behind(job: Job, said: JobProgress) -> State | None:
    """At half of the work."""
    return "pruned" if said.epoch.progress >= 0.5 else None


def run(ready: Prepared, folder: Path, job: Job, on_progress: OnProgress, strategy: Any = None) -> Outcome:
    return worker_of(ready, folder, strategy or FromScratch())(job, on_progress)


@pytest.mark.parametrize("gone", [False, True], ids=["from its checkpoint", "anew where that is gone"])
def test_a_resumed_job_equals_an_uninterrupted_one(ready: Prepared, tmp_path: Path, gone: bool) -> None:
    whole = run(ready, tmp_path / "whole", TRAINED, let_be)
    first = run(ready, tmp_path / "again", TRAINED, behind)
    assert (first.state, whole.checkpoint) == ("pruned", None)
    assert first.checkpoint is not None
    assert first.checkpoint.progress == 0.5
    assert first.folds[0].epochs < whole.folds[0].epochs
    if gone:
        Path(first.checkpoint.path).write_bytes(b"torn")
    steps: list[float] = []

    def on_progress(job: Job, said: JobProgress) -> State | None:
        steps.append(said.epoch.progress)
        return None

    second = run(ready, tmp_path / "again", replace(TRAINED, checkpoint=first.checkpoint.path), on_progress)
    assert (min(steps) >= 0.5) != gone
    assert (second.state, second.checkpoint) == ("complete", None)
    (one,), (other,) = whole.folds, second.folds
    assert (one.score, one.epochs) == (other.score, other.epochs)
    assert torch.equal(torch.from_numpy(one.outputs), torch.from_numpy(other.outputs))
    expected = load_file(whole.models[0])
    assert all(torch.equal(value, expected[name]) for name, value in load_file(second.models[0]).items())


def test_a_learner_that_cannot_resume_is_pruned_without_a_checkpoint(ready: Prepared, tmp_path: Path) -> None:
    found = run(ready, tmp_path, Job(0, "looks", "tiny", {}, 0, (0,)), behind, LooksAgain(scores=True))
    assert (found.state, found.checkpoint, len(found.folds)) == ("pruned", None, 1)


def test_a_full_disk_at_a_checkpoint_ends_the_search(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(temporary: Path, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("autotl.files._move_into_place", full)
    with pytest.raises(DiskFull, match=r"MiB are needed for .*checkpoint\.safetensors"):
        run(ready, tmp_path, TRAINED, behind)


class NotesItsFold:
    """Notes its seed, which differs between folds."""

    baseline = False

    def build(self, params: Params, bench: Workbench) -> NotesItsFold:
        self._bench = bench
        return self

    def fit(self) -> Generator[Beat | Score, None, None]:
        self._bench.note(f"Learned with the seed {self._bench.seed}.")
        yield self._bench.score(self._bench.model(), input_size=32)


def test_notes_are_those_of_the_first_fold(ready: Prepared, tmp_path: Path) -> None:
    job = Job(0, "looks", "tiny", {}, 5, (0, 1))
    found = run(ready, tmp_path, job, let_be, NotesItsFold())
    assert [each.fold for each in found.folds] == [0, 1]
    assert found.notes == (f"Learned with the seed {derive(5, 0)}.",)
    refit = run(ready, tmp_path, replace(job, folds=()), let_be, NotesItsFold())
    assert refit.notes == (f"Learned with the seed {derive(5, 'refit')}.",)


class Learns:
    """Decodes for ten seconds, then takes four steps of a second."""

    baseline = False

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock

    def build(self, params: Params, bench: Workbench) -> Learns:
        self._bench = bench
        return self

    def fit(self) -> Generator[Beat | Score, None, None]:
        self._clock.advance(10)
        for step in range(1, 4):
            self._clock.advance(1)
            yield Beat(step / 4)
        self._clock.advance(1)
        yield self._bench.score(self._bench.model(), input_size=32)


def test_a_fold_counts_the_seconds_of_its_steps_and_a_job_all_seconds(
    ready: Prepared, tmp_path: Path
) -> None:
    clock = FakeClock()
    worker = replace(worker_of(ready, tmp_path, Learns(clock)), clock=clock)
    found = worker(Job(0, "looks", "tiny", {}, 0, (0,)), lambda job, said: None)
    assert found.folds[0].seconds == pytest.approx(4.0)
    assert found.seconds == pytest.approx(14.0)
