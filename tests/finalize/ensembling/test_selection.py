"""Forward selection with replacement, on made-up probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.finalize.ensembling.selection import MAX_MEMBERS, ROUNDS, select
from autotl.metrics import METRICS, get_metric
from autotl.targets import SingleLabel

LABELS = np.tile(np.arange(3), 20)
ACCURACY = METRICS["accuracy"]
TARGET = SingleLabel(TargetSpec("single_label", ("a", "b", "c")))


def sure(*, wrong: np.ndarray | list[int], by: float = 0.6) -> np.ndarray:
    """Return probabilities that are correct except for some images."""
    chances = np.full((len(LABELS), 3), 0.2)
    answers = LABELS.copy()
    answers[wrong] = (LABELS[wrong] + 1) % 3
    chances[np.arange(len(LABELS)), answers] = by
    return chances / chances.sum(1, keepdims=True)


def test_networks_with_different_errors_are_selected_together() -> None:
    chances = {
        7: [sure(wrong=np.arange(0, 20))],
        3: [sure(wrong=np.arange(20, 40))],
        5: [sure(wrong=np.arange(40, 60))],
    }
    found = select(chances, [LABELS], TARGET, ACCURACY, first=7)
    assert found.score == 1.0
    assert set(found.counts) == {3, 5, 7}
    assert next(iter(found.counts)) == 7
    assert sum(found.shares.values()) == pytest.approx(1.0)
    together = sum(share * chances[number][0] for number, share in found.shares.items())
    assert ACCURACY(LABELS, np.log(together)) == found.score


def test_networks_with_equal_outputs_are_not_selected_together() -> None:
    same = sure(wrong=np.arange(10))
    found = select({0: [same], 1: [same.copy()], 2: [same.copy()]}, [LABELS], TARGET, ACCURACY, first=1)
    assert found.counts == {1: 1}
    assert found.score == pytest.approx(50 / 60)


def test_a_better_network_is_selected_repeatedly() -> None:
    """The first network is sure of its errors: only a double weight of the other corrects them."""
    first = sure(wrong=np.arange(30), by=1.5)
    other = sure(wrong=np.arange(58, 60), by=0.9)
    found = select({0: [first], 1: [other]}, [LABELS], TARGET, ACCURACY, first=0)
    assert found.counts[1] > found.counts[0]
    assert found.score > ACCURACY(LABELS, first)


def test_the_runs_own_metric_decides() -> None:
    """The first network corrects class 0, the second class 1: the metrics prefer different ones."""
    first = sure(wrong=np.flatnonzero(LABELS < 2), by=0.5)
    mends = {k: sure(wrong=np.flatnonzero(LABELS + k == 1), by=0.9) for k in (0, 1)}

    def recall_of(k: int):  # type: ignore[no-untyped-def]
        def recall(labels: np.ndarray, chances: np.ndarray) -> float:
            return float((chances.argmax(1) == labels)[labels == k].mean())

        return get_metric(recall)

    for k in (0, 1):
        found = select({10: [first], 0: [mends[0]], 1: [mends[1]]}, [LABELS], TARGET, recall_of(k), first=10)
        assert set(found.counts) == {10, k}
        assert found.score == 1.0


def test_an_ensemble_that_a_custom_metric_cannot_score_is_rejected() -> None:
    first, other = sure(wrong=np.arange(20)), sure(wrong=[])

    def picky(labels: np.ndarray, chances: np.ndarray) -> float:
        if not np.allclose(chances, first, atol=1e-6):
            raise ZeroDivisionError
        return 0.5

    assert select({0: [first], 1: [other]}, [LABELS], TARGET, get_metric(picky), first=0).counts == {0: 1}


def test_folds_have_equal_weight_and_members_are_limited() -> None:
    rng = np.random.default_rng(0)
    chances = {
        number: [0.05 * sure(wrong=[]) + 0.95 * rng.dirichlet(np.ones(3), len(LABELS)) for _ in range(2)]
        for number in range(3 * MAX_MEMBERS)
    }
    found = select(chances, [LABELS, LABELS], TARGET, METRICS["log_loss"], first=4)
    assert 1 < len(found.counts) <= MAX_MEMBERS
    assert sum(found.counts.values()) <= ROUNDS
    each = [np.log(sum(s * chances[n][fold] for n, s in found.shares.items())) for fold in (0, 1)]
    assert found.score == pytest.approx(np.mean([METRICS["log_loss"](LABELS, logs) for logs in each]))


def test_only_fitting_networks_are_selected_within_the_time() -> None:
    chances = {
        0: [sure(wrong=np.arange(20))],
        1: [sure(wrong=np.arange(20, 40))],
        2: [sure(wrong=[], by=0.9)],
    }
    found = select(chances, [LABELS], TARGET, ACCURACY, first=0, fits=lambda numbers: 2 not in numbers)
    assert 2 not in found.counts
    assert select(chances, [LABELS], TARGET, ACCURACY, first=0, late=lambda: True).counts == {0: 1}
