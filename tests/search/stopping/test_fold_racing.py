"""Racing trials over the folds of several repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import wilcoxon

from autotl.api import Arm, FoldScore
from autotl.search.acquisition import Situation, next_action
from autotl.search.actions import Action, NextFold
from autotl.search.stopping.fold_racing import FoldRacingRule, signed_rank
from autotl.search.stopping.rule import StoppingContext
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

N, K, REPEATS = 100, 5, 3


def history_of(*, repeats: int = REPEATS) -> TrialHistory:
    rng = np.random.default_rng(0)
    rows = [own for _ in range(repeats) for own in np.array_split(rng.permutation(N), K)]
    return TrialHistory([own % 2 for own in rows], rows=rows, repeats=repeats)


def enter(history: TrialHistory, number: int, wrong: Sequence[Sequence[int]]) -> Trial:
    """Return a trial with wrong predictions at given images of each fold."""
    trial = Trial(number, Arm("a", f"net{number}"), {"x": number}, 0, False, seconds=1.0 * len(wrong))
    for fold, places in enumerate(wrong):
        right = np.ones(len(history.targets[fold]), dtype=bool)
        right[list(places)] = False
        labels = history.targets[fold]
        logits = np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]
        trial.folds[fold] = FoldScore(fold, float(right.mean()), logits, 1.0, 1)
    trial.models[0] = "weights"
    history.trials[number] = trial
    return trial


def next_of(history: TrialHistory) -> Action | None:
    rule = FoldRacingRule(StoppingContext(history))
    return next_action(
        history,
        Situation(arms=[], default_seconds=lambda arm: 1.0, seconds_left=100.0, fold_reason=rule.fold_reason),
    )


def scattered(folds: int, seed: int, errors: int = 3) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(N // K)[:errors].tolist() for _ in range(folds)]


def loses(history: TrialHistory, trial: Trial, best: Trial) -> str:
    return FoldRacingRule(StoppingContext(history)).fold_reason(trial, best)


def test_two_tied_trials_run_on_the_second_repeat() -> None:
    history = history_of()
    for number in (0, 1):
        enter(history, number, scattered(K, number))
    action = next_of(history)
    assert isinstance(action, NextFold)
    assert action.fold == K


def test_a_clearly_worse_trial_does_not() -> None:
    history = history_of()
    enter(history, 0, scattered(K, 0, errors=1))
    enter(history, 1, scattered(K, 1, errors=8))
    assert next_of(history) is None


def test_data_divided_once_has_no_further_folds() -> None:
    history = history_of(repeats=1)
    for number in (0, 1):
        enter(history, number, scattered(K, number))
    assert next_of(history) is None


def test_a_fold_of_known_images_has_less_information_than_a_new_one() -> None:
    history = history_of()
    new = [enter(history, number, scattered(K - 1, number)) for number in (0, 1)]
    assert history.information_share(*new, K - 1) == 1.0
    met = [enter(history, number, scattered(K, number)) for number in (0, 1)]
    assert history.information_share(*met, K) == pytest.approx(0.5)


def test_repeats_end_if_they_add_no_information() -> None:
    """The images decide the outcome: a third repeat would add nothing."""
    found = {}
    for same in (True, False):
        history = history_of()
        for number in (0, 1):
            bad = [
                np.random.default_rng(10 * number + repeat * (not same)).permutation(N)[:3]
                for repeat in (0, 1)
            ]
            wrong = [
                np.flatnonzero(np.isin(rows, bad[fold // K])).tolist()
                for fold, rows in enumerate(history.rows[: 2 * K])
            ]
            enter(history, number, wrong)
        found[same] = history.information_share(history.trials[0], history.trials[1], 2 * K), next_of(history)
    assert found[True][0] < 0.15
    assert found[True][1] is None
    assert found[False][0] > 0.7
    assert isinstance(found[False][1], NextFold)


def test_a_trial_that_loses_on_every_fold_stops_with_a_reason() -> None:
    history = history_of()
    best = enter(history, 0, [[0, 1]] * (2 * K))
    other = enter(history, 1, [[2, 3, 4]] * (2 * K))
    why = loses(history, other, best)
    assert "below trial 0 (a · net0) on 10 of the 10 folds" in why
    assert loses(history, best, best) == loses(history, best, other) == ""
    assert next_of(history) is None  # nor is the best, which has no rival left


def test_five_folds_of_one_repeat_are_too_few() -> None:
    history = history_of()
    best, other = enter(history, 0, [[0, 1]] * K), enter(history, 1, [[2, 3, 4, 5]] * K)
    assert loses(history, other, best) == ""


def test_a_trial_that_is_tied_or_loses_sometimes_continues() -> None:
    history = history_of()
    best = enter(history, 0, [[0, 1]] * (2 * K))
    level = enter(history, 1, [[2, 3]] * (2 * K))
    mixed = enter(history, 2, [[2, 3, 4], [5]] * K)
    assert loses(history, level, best) == loses(history, mixed, best) == ""


@pytest.mark.parametrize("seed", range(5))
def test_the_signed_rank_test_equals_scipys(seed: int) -> None:
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
