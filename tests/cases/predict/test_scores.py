"""Scores at their edges have an interval with a width, and few images a wide one."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.errors import MetricError
from autotl.evaluation import evaluate
from autotl.targets import SingleLabel

TWO = SingleLabel(TargetSpec("single_label", ("a", "b")))


def answers(n: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(n) % 2
    said = np.where(np.arange(n) < right, labels, 1 - labels)
    return labels, (4 * np.eye(2)[said]).astype(np.float32)


@pytest.mark.parametrize(
    ("n", "right", "low", "high"),
    [(12, 0, 0, 0.265), (60, 0, 0, 0.06), (1, 1, 0.025, 1), (1, 0, 0, 0.975), (2, 1, 0.013, 0.987)],
)
def test_the_interval_of_few_or_wrong_answers_is_exact(n: int, right: int, low: float, high: float) -> None:
    found = evaluate(*answers(n, right), TWO, metric="accuracy", seed=0)
    assert found.ci95 == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


@pytest.mark.parametrize("metric", ["balanced_accuracy", "macro_f1", "log_loss", "auroc"])
@pytest.mark.parametrize(("n", "right"), [(12, 0), (60, 0), (2, 1)])
def test_the_interval_of_every_metric_has_a_width(metric: str, n: int, right: int) -> None:
    found = evaluate(*answers(n, right), TWO, metric=metric, seed=0)
    low, high = found.ci95
    assert low <= found.value <= high
    assert high - low > min(1.5 / n, 0.6)


def test_what_is_not_defined_is_told() -> None:
    with pytest.raises(MetricError, match="auroc is undefined here: all images are of one class"):
        evaluate(*answers(1, 1), TWO, metric="auroc", seed=0)
