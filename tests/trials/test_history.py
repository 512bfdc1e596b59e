"""The ledger: comparing trials that have seen different folds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autotl.api import Arm, FoldScore, Job, Outcome
from autotl.metrics import get_metric
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

LABELS = [np.zeros(10, dtype=np.int64), np.zeros(10, dtype=np.int64)]


def right(share: float) -> np.ndarray:
    logits = np.tile(np.array([0.0, 1.0], dtype=np.float32), (10, 1))
    logits[: round(10 * share)] = [1.0, 0.0]
    return logits


def enter(
    ledger: TrialHistory, number: int, arm: str, scores: dict[int, float], model: Path | None = None
) -> Trial:
    trial = ledger.trials.get(number) or Trial(number, Arm(arm, "net"), {"x": number}, 0, number == 0)
    job = Job(number, arm, "net", {}, 0, tuple(scores))
    folds = tuple(FoldScore(fold, score, right(score), 1.0, 1) for fold, score in scores.items())
    if model is not None:
        model.write_bytes(b"x")
    weights = {0: str(model) if model else f"no file {number}"}
    outcome = Outcome(job, "complete", folds, 1.0 * len(folds), "", weights, 32)
    ledger.add(trial, outcome, now=float(number))
    return trial


def test_a_trial_known_from_an_easy_fold_is_not_taken_for_better() -> None:
    ledger = TrialHistory(LABELS)
    thorough = enter(ledger, 0, "a", {0: 0.9, 1: 0.5})
    lucky = enter(ledger, 1, "b", {0: 0.9})
    ahead = enter(ledger, 2, "c", {0: 1.0})
    assert ledger.score(thorough) == ledger.score(lucky) == pytest.approx(0.7)
    assert ledger.score(ahead) == pytest.approx(0.8)
    assert ledger.best() is ahead


def test_a_small_lead_on_one_fold_does_not_beat_a_proven_one() -> None:
    ledger = TrialHistory(LABELS)
    enter(ledger, 0, "yardstick", {0: 0.5, 1: 0.5})
    proven = enter(ledger, 1, "a", {0: 0.7, 1: 0.7})
    lucky = enter(ledger, 2, "b", {0: 0.71})
    assert (ledger.score(lucky) or 0) > (ledger.score(proven) or 0)
    assert ledger.best() is proven


def test_a_pruned_trial_is_not_the_best_unless_there_is_nothing_else() -> None:
    ledger = TrialHistory(LABELS)
    pruned = enter(ledger, 0, "a", {0: 0.9})
    pruned.state = "pruned"
    assert ledger.best() is pruned
    whole = enter(ledger, 1, "b", {0: 0.6})
    assert ledger.best() is whole


def test_ties_go_to_the_cheaper() -> None:
    ledger = TrialHistory(LABELS)
    dear = enter(ledger, 0, "a", {0: 0.8})
    dear.seconds = 50
    cheap = enter(ledger, 1, "b", {0: 0.8})
    assert ledger.best() is cheap


def test_weights_are_kept_for_each_arms_leaders_and_the_defaults(tmp_path: Path) -> None:
    ledger = TrialHistory(LABELS)
    for number in range(9):
        enter(ledger, number, "a", {0: 0.1 + 0.1 * number}, tmp_path / str(number))
    enter(ledger, 9, "b", {0: 0.1}, tmp_path / "9")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "3", "4", "5", "6", "7", "8", "9"]
    assert ledger.trials[1].model is None


def test_the_choice_is_always_a_trial_whose_weights_are_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    ledger = TrialHistory(LABELS)
    for number in range(60):
        folds = {0: rng.integers(5, 10) / 10} | ({1: rng.integers(5, 10) / 10} if number % 3 == 0 else {})
        enter(ledger, number, "ab"[number % 2], folds, tmp_path / str(number))
        for arm in (None, *ledger.arms()):
            best = ledger.best(arm)
            assert best is not None
            assert Path(str(best.model)).is_file()


def test_a_failed_extension_leaves_what_was_known(tmp_path: Path) -> None:
    ledger = TrialHistory(LABELS)
    trial = enter(ledger, 0, "a", {0: 0.8}, tmp_path / "0")
    ledger.add(trial, Outcome(Job(0, "a", "net", {}, 0, (1,)), "failed", (), 1.0, "boom"), now=2.0)
    assert trial.state == "complete"
    assert ledger.score(trial) == pytest.approx(0.8)


def test_the_spread_is_paired_by_image() -> None:
    ledger = TrialHistory(LABELS)
    one, other = enter(ledger, 0, "a", {0: 0.5}), enter(ledger, 1, "b", {0: 0.5})
    assert ledger.spread(one, other) == pytest.approx(0.05)  # the floor: they agree on every image
    worse = enter(ledger, 2, "c", {0: 0.1})
    assert ledger.spread(one, worse) > 0.1


def test_only_the_leading_trials_keep_the_networks_of_further_folds(tmp_path: Path) -> None:
    ledger = TrialHistory(LABELS)
    for number, score in enumerate((0.5, 0.9, 0.7, 0.8)):
        trial = Trial(number, Arm("a", "net"), {"x": number}, 0, False)
        files = {fold: tmp_path / f"{number}-{fold}" for fold in (0, 1)}
        for file in files.values():
            file.write_bytes(b"x")
        folds = tuple(FoldScore(fold, score, right(score), 1.0, 1) for fold in (0, 1))
        job = Job(number, "a", "net", {}, 0, (0, 1))
        models = {fold: str(file) for fold, file in files.items()}
        ledger.add(trial, Outcome(job, "complete", folds, 2.0, "", models, 32), now=float(number))
    kept = {number: set(trial.models) for number, trial in ledger.trials.items()}
    assert kept == {0: {0}, 1: {0, 1}, 2: {0}, 3: {0, 1}}
    assert {file.name for file in tmp_path.iterdir()} == {"0-0", "1-0", "1-1", "2-0", "3-0", "3-1"}


def sure(by: float, rng: np.random.Generator) -> np.ndarray:
    """Logits of two classes whose right answer stands out by so much, and a little chance."""
    logits = np.zeros((100, 2), dtype=np.float32)
    logits[np.arange(100), np.arange(100) % 2] = by + rng.normal(0, 0.1, 100)
    return logits


def test_under_log_loss_the_cheaper_of_two_that_are_not_told_apart_is_chosen() -> None:
    measure, rng = get_metric("log_loss"), np.random.default_rng(0)
    labels = [np.arange(100) % 2]
    ledger = TrialHistory(labels, measure=measure)
    shaky = sure(2.0, rng) * rng.choice([0.2, 1.8], (100, 1)).astype(np.float32)
    for number, (arm, seconds, logits) in enumerate(
        [("cheap", 1.0, sure(2.0, rng)), ("dear", 9.0, sure(2.001, rng)), ("worse", 0.1, shaky)]
    ):
        trial = Trial(number, Arm(arm, "net"), {}, 0, False)
        score = FoldScore(0, measure(labels[0], logits), logits, seconds, 1)
        job = Job(number, arm, "net", {}, 0, (0,))
        outcome = Outcome(job, "complete", (score,), seconds, "", {0: "none"}, 32)
        ledger.add(trial, outcome, now=0.0)
    cheap, dear, worse = (ledger.trials[number] for number in range(3))
    assert all((logits.folds[0].logits.argmax(1) == labels[0]).all() for logits in (cheap, dear, worse))
    assert ledger.score(cheap) == pytest.approx(cheap.folds[0].score)  # below zero, and not cut off there
    assert ledger.best(leading=True) in (cheap, dear)
    assert ledger.best() is cheap
    assert ledger.spread(cheap, worse) > ledger.spread(cheap, dear) > 0


def test_a_function_of_ones_own_has_a_spread_that_does_not_change() -> None:
    def certainty(labels: np.ndarray, chances: np.ndarray) -> float:
        if len(np.unique(labels)) < 2:
            raise ValueError("two classes are due")
        return float(chances[np.arange(len(labels)), labels].mean())

    ledger, rng = TrialHistory([np.arange(100) % 2], measure=get_metric(certainty)), np.random.default_rng(0)
    trials = []
    for number, by in enumerate((1.0, 2.0)):
        logits = sure(by, rng) * rng.choice([-1, 1, 1], (100, 1)).astype(np.float32)
        score = FoldScore(0, ledger.measure(ledger.labels[0], logits), logits, 1.0, 1)
        trials.append(Trial(number, Arm("a", "net"), {}, 0, False, folds={0: score}))
    each = [t.folds[0].logits for t in trials]
    apart = np.subtract(
        *[
            1
            / (1 + np.exp(x[np.arange(100), 1 - np.arange(100) % 2] - x[np.arange(100), np.arange(100) % 2]))
            for x in each
        ]
    )
    assert ledger.spread(*trials) == pytest.approx(apart.std() / 10, rel=0.25)
    assert ledger.spread(*trials) == ledger.spread(*trials)
