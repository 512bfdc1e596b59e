"""Metrics of numbers, against scikit-learn's and scipy's."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from autotl.api import TargetSpec
from autotl.errors import MetricError
from autotl.metrics import METRICS_OF, get_metric, in_units
from autotl.targets import Regression

METRICS = METRICS_OF["regression"]
SPEC = TargetSpec("regression", ("angle", "size"), (10.0, -3.0), (5.0, 0.1))


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(120, 2)) * [5, 0.1] + [10, -3]
    return numbers.astype(np.float32), (numbers + rng.normal(size=(120, 2)) * [2, 0.1]).astype(np.float32)


def test_metrics_agree_with_scikit_learn_and_scipy(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    numbers, predictions = drawn
    found = {name: metric.reported(metric(numbers, predictions)) for name, metric in METRICS.items()}
    assert found == pytest.approx(
        {
            "mae": mean_absolute_error(numbers, predictions),
            "rmse": root_mean_squared_error(numbers, predictions),
            "r2": r2_score(numbers, predictions),
            "spearman": np.mean([spearmanr(numbers[:, k], predictions[:, k])[0] for k in range(2)]),
        },
        rel=1e-4,
    )


def test_standardised_outputs_are_scored_in_units(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    numbers, predictions = drawn
    outputs = Regression(SPEC).outputs_of(predictions.astype(np.float64))
    for name, plain in METRICS.items():
        bound = get_metric(name, SPEC)
        assert bound(numbers, outputs) == pytest.approx(plain(numbers, predictions), rel=1e-4)
        assert pickle.loads(pickle.dumps(bound))(numbers, outputs) == bound(numbers, outputs)
        assert get_metric(bound, SPEC.in_units)(numbers, predictions) == plain(numbers, predictions)
        assert in_units(bound, SPEC)(numbers, outputs) == bound(numbers, outputs)


@pytest.mark.parametrize("name", ["rmse", "r2"])
def test_influences_and_samples_agree_with_the_score(name: str, drawn: tuple[np.ndarray, np.ndarray]) -> None:
    (numbers, predictions), metric = drawn, METRICS[name]
    n = len(numbers)
    assert metric.influence is not None
    assert metric.bootstrap is not None
    without = [metric(np.delete(numbers, i, 0), np.delete(predictions, i, 0)) for i in range(n)]
    changes = (metric(numbers, predictions) - np.array(without)) * (n - 1)
    assert np.corrcoef(metric.influence(numbers, predictions), changes)[0, 1] > 0.99
    times = np.bincount(np.random.default_rng(0).integers(0, n, n), minlength=n)
    rows = np.repeat(np.arange(n), times)
    (sampled,) = metric.bootstrap(numbers, predictions, times[None].astype(float))
    assert sampled == pytest.approx(metric(numbers[rows], predictions[rows]), rel=1e-6)


def test_constant_numbers_and_predictions_give_no_nan() -> None:
    rng = np.random.default_rng(0)
    numbers, same = rng.normal(size=(10, 1)), np.ones((10, 1))
    assert METRICS["spearman"](numbers, same) == 0
    assert METRICS["r2"](numbers, same) < 0
    for name in ("r2", "spearman"):
        assert "same for all images" in METRICS[name].why_undefined(same)
        assert np.isfinite(METRICS[name](same, numbers))
        assert not METRICS[name].why_undefined(numbers)


def test_a_metric_of_classes_is_refused() -> None:
    with pytest.raises(MetricError, match=r"accuracy scores single_label .*one of mae, rmse, r2, spearman"):
        get_metric("accuracy", SPEC)


def test_a_users_function_gets_numbers_in_units(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    def closeness(numbers: np.ndarray, predictions: np.ndarray) -> float:
        return -float(np.abs(numbers - predictions).max())

    numbers, predictions = drawn
    outputs = Regression(SPEC).outputs_of(predictions.astype(np.float64))
    assert get_metric(closeness, SPEC)(numbers, outputs) == pytest.approx(
        closeness(numbers, predictions), rel=1e-4
    )


def test_the_best_constant_for_the_absolute_error_is_the_median() -> None:
    numbers = np.array([[0.0, 1], [0, 2], [0, 3], [8, 10]], dtype=np.float32)
    metric = get_metric("mae", SPEC)
    assert metric.constant_score(numbers, Regression(SPEC)) == pytest.approx(-(2 + 2.5) / 2, rel=1e-4)
    squared = get_metric("rmse", SPEC).constant_score(numbers, Regression(SPEC))
    assert squared == pytest.approx(-numbers.std(0).mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["rmse", "r2"])
def test_numbers_in_a_tiny_unit_have_the_same_scores(name: str, drawn: tuple[np.ndarray, np.ndarray]) -> None:
    metric, unit = METRICS[name], 1e-15
    usual = [each.astype(np.float64) for each in drawn]
    tiny = [each * unit for each in usual]
    of_score = unit if name == "rmse" else 1.0
    assert metric.influence is not None
    assert metric(*tiny) == pytest.approx(of_score * metric(*usual), rel=1e-6, abs=0)
    np.testing.assert_allclose(metric.influence(*tiny), of_score * metric.influence(*usual), rtol=1e-6)
