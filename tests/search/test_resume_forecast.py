"""The forecast for pruned trials, and the outcome of resuming them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm, Checkpoint, FoldScore, Job, Outcome
from autotl.search.acquisition import Situation, next_action
from autotl.search.actions import NewTrial, NextFold, ResumeTrial
from autotl.search.resume_forecast import resume_forecast, score_at
from autotl.trials.history import TrialHistory
from autotl.trials.kept_files import KEPT_CHECKPOINTS
from autotl.trials.trial import Trial

ARM = Arm("a", "net")
VAL = 200
LABELS = [np.arange(VAL) % 2]


def logits(score: float) -> np.ndarray:
    right = np.arange(VAL) < round(score * VAL)
    return np.eye(2, dtype=np.float32)[np.where(right, LABELS[0], 1 - LABELS[0])]


class Book:
    """A history, and methods that add trials."""

    def __init__(self, folder: Path) -> None:
        self.history, self.folder = TrialHistory(LABELS), folder

    def complete(self, curve: Sequence[float], seconds: float = 10.0) -> Trial:
        """Add a complete trial with intermediate scores at equal distances."""
        trial = self._trial()
        trial.intermediate_scores = [((n + 1) / len(curve), score) for n, score in enumerate(curve)]
        model = self.folder / f"{trial.number}"
        model.write_bytes(b"weights")
        self._enter(trial, "complete", curve[-1], seconds, {0: str(model)})
        return trial

    def stopped(self, score: float, *, progress: float = 0.5, kept: bool = True) -> Trial:
        """Add a trial that was pruned at ``progress``; all of it would take 10 seconds."""
        trial = self._trial()
        trial.intermediate_scores = [(progress, score)]
        path = self.folder / f"{trial.number}.checkpoint"
        path.write_bytes(b"state")
        left = Checkpoint(str(path), progress) if kept else None
        self._enter(trial, "pruned", score, 10.0 * progress, {}, left)
        return trial

    def choose(self, *, left: float = 100.0, arms: Sequence[Arm] = (ARM,)) -> Any:
        return next_action(
            self.history, Situation(arms=arms, default_seconds=lambda arm: 10.0, seconds_left=left)
        )

    def _trial(self) -> Trial:
        number = len(self.history.trials)
        return Trial(number, ARM, {"x": number}, 0, number == 0)

    def _enter(
        self,
        trial: Trial,
        state: Any,
        score: float,
        seconds: float,
        models: dict[int, str],
        left: Checkpoint | None = None,
    ) -> None:
        job = Job(trial.number, "a", "net", trial.params, 0, (0,))
        fold = FoldScore(0, score, logits(score), seconds, 1)
        outcome = Outcome(job, state, (fold,), seconds, "", models, 32, left)
        self.history.add(trial, outcome, now=float(trial.number))


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_the_improvement_of_a_trial_is_forecast_from_other_trials(book: Book) -> None:
    for curve in ((0.5, 0.9), (0.6, 0.9), (0.7, 0.9)):
        best = book.complete(curve)
    found = resume_forecast(book.history, book.stopped(0.55), best)
    assert found is not None
    assert -0.05 < found.difference < -0.02  # 0.55 + 0.3 - 0.9, and less as it is noise in part
    steady = Book(book.folder)
    for curve in ((0.6, 0.9), (0.6, 0.9), (0.6, 0.9)):
        best = steady.complete(curve)
    surer = resume_forecast(steady.history, steady.stopped(0.55), best)
    assert surer is not None
    assert surer.deviation < found.deviation
    assert surer.probability < found.probability < 0.5


def test_there_is_no_forecast_without_data(book: Book) -> None:
    best = book.complete((0.6, 0.9))
    best.intermediate_scores = []
    assert resume_forecast(book.history, book.stopped(0.6), best) is None
    assert isinstance(book.choose(), NewTrial)


def test_scores_are_interpolated_and_not_extrapolated(book: Book) -> None:
    trial = book.complete((0.2, 0.4, 0.6, 0.8))
    assert score_at(trial, 0.625) == pytest.approx(0.5)
    assert score_at(trial, 0.2) is None


def test_a_trial_that_is_forecast_to_lead_is_resumed(book: Book) -> None:
    for curve in ((0.5, 0.8), (0.6, 0.9), (0.62, 0.88)):
        book.complete(curve)
    trial = book.stopped(0.61)
    assert book.choose() == ResumeTrial(trial)
    assert trial.remaining_seconds == pytest.approx(5.0)
    assert book.choose(left=4.0) is None  # the rest of it does not fit
    assert book.choose(arms=()) == ResumeTrial(trial)  # even if no new trials may start


def test_a_trial_without_prospect_stays_pruned_even_without_alternatives(book: Book) -> None:
    for curve in ((0.6, 0.9), (0.61, 0.9), (0.62, 0.9)):
        book.complete(curve)
    book.stopped(0.3)
    assert isinstance(book.choose(), NewTrial)
    assert book.choose(arms=()) is None


def test_a_pruned_trial_without_a_checkpoint_is_not_resumed(book: Book) -> None:
    for curve in ((0.5, 0.8), (0.6, 0.9), (0.62, 0.88)):
        book.complete(curve)
    trial = book.stopped(0.61, kept=False)
    assert trial.remaining_seconds == 0
    assert not isinstance(book.choose(), ResumeTrial | NextFold)


def test_only_the_best_pruned_trials_of_an_arm_keep_their_checkpoints(book: Book) -> None:
    book.complete((0.6, 0.9))
    scores = (0.5, 0.55, 0.4, 0.6, 0.45)
    trials = [book.stopped(score) for score in scores]
    kept = [trial for trial in trials if trial.checkpoint]
    assert sorted(trial.folds[0].score for trial in kept) == sorted(scores)[-KEPT_CHECKPOINTS:]
    files = {Path(trial.checkpoint.path) for trial in kept if trial.checkpoint}
    assert set(book.folder.glob("*.checkpoint")) == files


@pytest.mark.parametrize(
    ("state", "scored", "expected"),
    [
        ("complete", True, ("complete", True, False, 0.8)),
        ("stopped", True, ("stopped", True, False, 0.8)),
        ("stopped", False, ("pruned", False, True, 0.6)),
        ("failed", False, ("pruned", False, False, 0.6)),
    ],
)
def test_the_outcome_of_resuming_is_merged(
    book: Book, state: Any, scored: bool, expected: tuple[Any, ...]
) -> None:
    book.complete((0.6, 0.9))
    trial = book.stopped(0.6)
    assert trial.checkpoint is not None
    job = Job(trial.number, "a", "net", trial.params, 0, (0,), trial.checkpoint.path)
    folds = (FoldScore(0, 0.8, logits(0.8), 5.0, 2),) if scored else ()
    changed = book.history.add(trial, Outcome(job, state, folds, 5.0, "" if scored else "why"), now=9.0)
    assert (trial.state, trial.resumed, bool(trial.checkpoint), trial.folds[0].score) == expected
    assert changed == []
    assert trial.seconds == 10.0
    assert trial.folds[0].seconds == (10.0 if scored else 5.0)
    assert ("pruned at 50%, resumed later" in trial.why) == scored
    assert book.history.record(trial).gone_on == scored
    assert (0 in trial.excluded_folds) == (state == "failed")
