"""The history: comparing trials that ran on different folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autotl.api import Arm, FoldScore, Job, Outcome
from autotl.metrics import get_metric
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

LABELS = [np.zeros(10, dtype=np.int64), np.zeros(10, dtype=np.int64)]


@dataclass(frozen=True)
class Expected:
    """The forecast of an arm."""

    expected: float
    deviation: float = 0.05
    baseline: bool = False


def right(share: float) -> np.ndarray:
    logits = np.tile(np.array([0.0, 1.0], dtype=np.float32), (10, 1))
    logits[: round(10 * share)] = [1.0, 0.0]
    return logits


def enter(
    history: TrialHistory, number: int, arm: str, scores: dict[int, float], model: Path | None = None
) -> Trial:
    trial = history.trials.get(number) or Trial(number, Arm(arm, "net"), {"x": number}, 0, number == 0)
    job = Job(number, arm, "net", {}, 0, tuple(scores))
    folds = tuple(FoldScore(fold, score, right(score), 1.0, 1) for fold, score in scores.items())
    if model is not None:
        model.write_bytes(b"x")
    weights = {0: str(model) if model else f"no file {number}"}
    outcome = Outcome(job, "complete", folds, 1.0 * len(folds), "", weights, 32)
    history.add(trial, outcome, now=float(number))
    return trial


def test_an_easy_fold_does_not_make_a_trial_better() -> None:
    history = TrialHistory(LABELS)
    thorough = enter(history, 0, "a", {0: 0.9, 1: 0.5})
    lucky = enter(history, 1, "b", {0: 0.9})
    ahead = enter(history, 2, "c", {0: 1.0})
    assert history.score(thorough) == history.score(lucky) == pytest.approx(0.7)
    assert history.score(ahead) == pytest.approx(0.8)
    assert history.best() is ahead


def test_a_small_lead_on_one_fold_does_not_beat_a_lead_on_two() -> None:
    history = TrialHistory(LABELS)
    enter(history, 0, "yardstick", {0: 0.5, 1: 0.5})
    proven = enter(history, 1, "a", {0: 0.7, 1: 0.7})
    lucky = enter(history, 2, "b", {0: 0.71})
    assert (history.score(lucky) or 0) > (history.score(proven) or 0)
    assert history.best() is proven


def test_a_pruned_trial_is_best_only_without_others() -> None:
    history = TrialHistory(LABELS)
    pruned = enter(history, 0, "a", {0: 0.9})
    pruned.state = "pruned"
    assert history.best() is pruned
    whole = enter(history, 1, "b", {0: 0.6})
    assert history.best() is whole


def test_a_measured_score_of_0_is_more_than_a_negative_one() -> None:
    history = TrialHistory(LABELS, metric=get_metric("log_loss"), choose_expected=False)
    enter(history, 0, "a", {0: -0.5})
    perfect = enter(history, 1, "b", {0: 0.0})
    assert history.best() is perfect


def test_the_cheaper_of_equal_trials_is_best() -> None:
    history = TrialHistory(LABELS)
    dear = enter(history, 0, "a", {0: 0.8})
    dear.seconds = 50
    cheap = enter(history, 1, "b", {0: 0.8})
    assert history.best() is cheap


@pytest.mark.parametrize(("forecast", "wins"), [(0.80, "probe"), (0.86, "finetune")])
def test_of_scores_that_few_images_tell_apart_the_forecast_decides(forecast: float, wins: str) -> None:
    history = TrialHistory(
        LABELS,
        forecasts={
            Arm("probe", "net"): Expected(0.83),
            Arm("finetune", "net"): Expected(forecast),
        },
    )
    enter(history, 0, "probe", {0: 0.8})
    enter(history, 1, "finetune", {0: 0.8})
    assert (best := history.best(ignore_cost=True))
    assert best.arm.strategy == wins


def test_a_measured_lead_counts_more_than_a_forecast() -> None:
    folds = range(40)
    history = TrialHistory(
        LABELS[:1] * len(folds),
        forecasts={Arm("a", "net"): Expected(0.83), Arm("b", "net"): Expected(0.80)},
    )
    enter(history, 0, "a", dict.fromkeys(folds, 0.8))
    ahead = enter(history, 1, "b", dict.fromkeys(folds, 0.9))
    assert history.best() is ahead


def test_the_best_trials_and_the_defaults_of_each_arm_keep_their_weights(tmp_path: Path) -> None:
    history = TrialHistory(LABELS)
    for number in range(9):
        enter(history, number, "a", {0: 0.1 + 0.1 * number}, tmp_path / str(number))
    enter(history, 9, "b", {0: 0.1}, tmp_path / "9")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3", "4", "5", "6", "7", "8", "9"]
    assert history.trials[1].model is None


def test_the_best_trial_always_has_its_weights(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    history = TrialHistory(LABELS)
    for number in range(60):
        folds = {0: rng.integers(5, 10) / 10} | ({1: rng.integers(5, 10) / 10} if number % 3 == 0 else {})
        enter(history, number, "ab"[number % 2], folds, tmp_path / str(number))
        for arm in (None, *history.arms()):
            best = history.best(arm)
            assert best is not None
            assert Path(str(best.model)).is_file()


def test_a_failed_extension_keeps_earlier_results(tmp_path: Path) -> None:
    history = TrialHistory(LABELS)
    trial = enter(history, 0, "a", {0: 0.8}, tmp_path / "0")
    history.add(trial, Outcome(Job(0, "a", "net", {}, 0, (1,)), "failed", (), 1.0, "boom"), now=2.0)
    assert trial.state == "complete"
    assert history.score(trial) == pytest.approx(0.8)


def test_further_folds_leave_the_notes_of_the_first() -> None:
    history = TrialHistory(LABELS)
    trial = Trial(0, Arm("a", "net"), {}, 0, default=True)
    for fold in (0, 1):
        job = Job(0, "a", "net", {}, 0, (fold,))
        scores = (FoldScore(fold, 0.8, right(0.8), 1.0, 1),)
        history.add(trial, Outcome(job, "complete", scores, 1.0, notes=(f"Fold {fold}.",)), now=1.0)
    assert trial.notes == ("Fold 0.",)


def test_the_standard_error_is_paired_by_image() -> None:
    history = TrialHistory(LABELS)
    one, other = enter(history, 0, "a", {0: 0.5}), enter(history, 1, "b", {0: 0.5})
    assert history.metric_standard_error(one, other) == pytest.approx(
        0.05
    )  # the floor: they agree on every image
    worse = enter(history, 2, "c", {0: 0.1})
    assert history.metric_standard_error(one, worse) > 0.1


def test_only_the_leading_trials_keep_the_networks_of_further_folds(tmp_path: Path) -> None:
    history = TrialHistory(LABELS)
    for number, score in enumerate((0.5, 0.9, 0.7, 0.8)):
        trial = Trial(number, Arm("a", "net"), {"x": number}, 0, False)
        files = {fold: tmp_path / f"{number}-{fold}" for fold in (0, 1)}
        for file in files.values():
            file.write_bytes(b"x")
        folds = tuple(FoldScore(fold, score, right(score), 1.0, 1) for fold in (0, 1))
        job = Job(number, "a", "net", {}, 0, (0, 1))
        models = {fold: str(file) for fold, file in files.items()}
        history.add(trial, Outcome(job, "complete", folds, 2.0, "", models, 32), now=float(number))
    kept = {number: set(trial.models) for number, trial in history.trials.items()}
    assert kept == {0: {0}, 1: {0, 1}, 2: {0}, 3: {0, 1}}
    assert {file.name for file in tmp_path.iterdir()} == {"0-0", "1-0", "1-1", "2-0", "3-0", "3-1"}


def sure(by: float, rng: np.random.Generator) -> np.ndarray:
    """Return logits of two classes with a given margin and a little noise."""
    logits = np.zeros((100, 2), dtype=np.float32)
    logits[np.arange(100), np.arange(100) % 2] = by + rng.normal(0, 0.1, 100)
    return logits


def test_the_cheaper_of_two_tied_trials_is_best_by_log_loss() -> None:
    measure, rng = get_metric("log_loss"), np.random.default_rng(0)
    labels = [np.arange(100) % 2]
    history = TrialHistory(labels, metric=measure)
    shaky = sure(2.0, rng) * rng.choice([0.2, 1.8], (100, 1)).astype(np.float32)
    for number, (arm, seconds, logits) in enumerate(
        [("cheap", 1.0, sure(2.0, rng)), ("dear", 9.0, sure(2.001, rng)), ("worse", 0.1, shaky)]
    ):
        trial = Trial(number, Arm(arm, "net"), {}, 0, False)
        score = FoldScore(0, measure(labels[0], logits), logits, seconds, 1)
        job = Job(number, arm, "net", {}, 0, (0,))
        outcome = Outcome(job, "complete", (score,), seconds, "", {0: "none"}, 32)
        history.add(trial, outcome, now=0.0)
    cheap, dear, worse = (history.trials[number] for number in range(3))
    assert all((logits.folds[0].outputs.argmax(1) == labels[0]).all() for logits in (cheap, dear, worse))
    assert history.score(cheap) == pytest.approx(cheap.folds[0].score)  # below zero, and not cut off there
    assert history.best(ignore_cost=True) in (cheap, dear)
    assert history.best() is cheap
    assert history.metric_standard_error(cheap, worse) > history.metric_standard_error(cheap, dear) > 0


def test_a_custom_metric_has_a_stable_standard_error() -> None:
    def certainty(labels: np.ndarray, chances: np.ndarray) -> float:
        if len(np.unique(labels)) < 2:
            raise ValueError("two classes are required")
        return float(chances[np.arange(len(labels)), labels].mean())

    history, rng = TrialHistory([np.arange(100) % 2], metric=get_metric(certainty)), np.random.default_rng(0)
    trials = []
    for number, by in enumerate((1.0, 2.0)):
        logits = sure(by, rng) * rng.choice([-1, 1, 1], (100, 1)).astype(np.float32)
        score = FoldScore(0, history.metric(history.targets[0], logits), logits, 1.0, 1)
        trials.append(Trial(number, Arm("a", "net"), {}, 0, False, folds={0: score}))
    each = [t.folds[0].outputs for t in trials]
    apart = np.subtract(
        *[
            1
            / (1 + np.exp(x[np.arange(100), 1 - np.arange(100) % 2] - x[np.arange(100), np.arange(100) % 2]))
            for x in each
        ]
    )
    assert history.metric_standard_error(*trials) == pytest.approx(apart.std() / 10, rel=0.25)
    assert history.metric_standard_error(*trials) == history.metric_standard_error(*trials)
