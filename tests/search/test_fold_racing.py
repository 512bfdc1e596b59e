"""Which trials are run on further folds where the folds are those of several repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import wilcoxon

from autotl.api import Arm, FoldScore
from autotl.search.acquisition import Action, NextFold, next_action
from autotl.search.fold_racing import signed_rank, trails
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

N, K, REPEATS = 100, 5, 3


def ledger_of(*, repeats: int = REPEATS) -> TrialHistory:
    rng = np.random.default_rng(0)
    rows = [own for _ in range(repeats) for own in np.array_split(rng.permutation(N), K)]
    return TrialHistory([own % 2 for own in rows], rows=rows, repeats=repeats)


def enter(ledger: TrialHistory, number: int, wrong: Sequence[Sequence[int]]) -> Trial:
    """A trial run on as many folds as are given, wrong at these places of each."""
    trial = Trial(number, Arm("a", f"net{number}"), {"x": number}, 0, False, seconds=1.0 * len(wrong))
    for fold, places in enumerate(wrong):
        right = np.ones(len(ledger.labels[fold]), dtype=bool)
        right[list(places)] = False
        labels = ledger.labels[fold]
        logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
        trial.folds[fold] = FoldScore(fold, float(right.mean()), logits, 1.0, 1)
    trial.models[0] = "weights"
    ledger.trials[number] = trial
    return trial


def next_of(ledger: TrialHistory) -> Action | None:
    return next_action(ledger, [], baselines=[], baseline_share=0.0, seconds=lambda arm: 1.0, left=100.0)


def scattered(folds: int, seed: int, errors: int = 3) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(N // K)[:errors].tolist() for _ in range(folds)]


def test_two_that_are_level_are_run_on_the_second_repeat() -> None:
    ledger = ledger_of()
    for number in (0, 1):
        enter(ledger, number, scattered(K, number))
    action = next_of(ledger)
    assert isinstance(action, NextFold)
    assert action.fold == K


def test_one_that_is_clearly_behind_is_not() -> None:
    ledger = ledger_of()
    enter(ledger, 0, scattered(K, 0, errors=1))
    enter(ledger, 1, scattered(K, 1, errors=8))
    assert next_of(ledger) is None


def test_data_divided_once_has_no_further_folds() -> None:
    ledger = ledger_of(repeats=1)
    for number in (0, 1):
        enter(ledger, number, scattered(K, number))
    assert next_of(ledger) is None


def test_a_fold_of_images_met_before_tells_less_than_a_new_one() -> None:
    ledger = ledger_of()
    new = [enter(ledger, number, scattered(K - 1, number)) for number in (0, 1)]
    assert ledger.news(*new, K - 1) == 1.0
    met = [enter(ledger, number, scattered(K, number)) for number in (0, 1)]
    assert ledger.news(*met, K) == pytest.approx(0.5)


def test_where_repeats_say_the_same_again_they_end() -> None:
    """What the images say stays: a third repeat would only say it once more."""
    found = {}
    for same in (True, False):
        ledger = ledger_of()
        for number in (0, 1):
            bad = [
                np.random.default_rng(10 * number + repeat * (not same)).permutation(N)[:3]
                for repeat in (0, 1)
            ]
            wrong = [
                np.flatnonzero(np.isin(rows, bad[fold // K])).tolist()
                for fold, rows in enumerate(ledger.rows[: 2 * K])
            ]
            enter(ledger, number, wrong)
        found[same] = ledger.news(ledger.trials[0], ledger.trials[1], 2 * K), next_of(ledger)
    assert found[True][0] < 0.15
    assert found[True][1] is None
    assert found[False][0] > 0.7
    assert isinstance(found[False][1], NextFold)


def test_one_that_loses_on_every_fold_is_run_no_further_and_the_reason_says_so() -> None:
    ledger = ledger_of()
    best = enter(ledger, 0, [[0, 1]] * (2 * K))
    other = enter(ledger, 1, [[2, 3, 4]] * (2 * K))
    why = trails(ledger, other, best)
    assert "behind trial 0 (a · net0) on 10 of the 10 folds" in why
    assert trails(ledger, best, best) == trails(ledger, best, other) == ""
    assert next_of(ledger) is None  # nor is the best, which has no rival left


def test_within_one_repeat_five_folds_are_too_few_to_say_so() -> None:
    ledger = ledger_of()
    best, other = enter(ledger, 0, [[0, 1]] * K), enter(ledger, 1, [[2, 3, 4, 5]] * K)
    assert trails(ledger, other, best) == ""


def test_one_that_is_level_or_loses_now_and_then_is_not_given_up() -> None:
    ledger = ledger_of()
    best = enter(ledger, 0, [[0, 1]] * (2 * K))
    level = enter(ledger, 1, [[2, 3]] * (2 * K))
    mixed = enter(ledger, 2, [[2, 3, 4], [5]] * K)
    assert trails(ledger, level, best) == trails(ledger, mixed, best) == ""


@pytest.mark.parametrize("seed", range(5))
def test_the_signed_rank_test_is_scipys(seed: int) -> None:
    untied = np.random.default_rng(seed).normal(-0.5, 1, 10)
    assert signed_rank(untied) == pytest.approx(wilcoxon(untied, alternative="less", method="exact").pvalue)
    assert signed_rank(np.full(10, -0.05)) == 1 / 1024
    assert signed_rank(np.zeros(10)) == 1.0
    assert signed_rank(np.array([-0.05] * 9 + [0.0])) == 1 / 512


def test_ties_are_counted_exactly() -> None:
    differences = np.array([-0.1, -0.1, -0.1, 0.1, -0.2, -0.2])
    ranks = np.array([2.5] * 4 + [5.5] * 2)
    signs = 1 & (np.arange(64)[:, None] >> np.arange(6))
    assert signed_rank(differences) == ((signs * ranks).sum(1) <= 2.5).mean()
