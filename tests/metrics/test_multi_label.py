"""Metrics of several labels, against scikit-learn's."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, log_loss

from autotl.api import TargetSpec
from autotl.errors import MetricError, UnknownName
from autotl.metrics import METRICS_OF, get_metric, sigmoid
from autotl.targets import MultiLabel

SPEC = TargetSpec("multi_label", tuple("abcd"))
METRICS = METRICS_OF["multi_label"]


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    targets = (rng.random((200, 4)) < [0.5, 0.3, 0.1, 0.02]).astype(np.float32)
    return targets, (rng.normal(size=(200, 4)) + 1.5 * targets - 0.5).astype(np.float32)


def test_metrics_agree_with_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    targets, logits = drawn
    guesses = logits > 0
    found = {name: metric.reported(metric(targets, logits)) for name, metric in METRICS.items()}
    assert found == pytest.approx(
        {
            "mean_average_precision": average_precision_score(targets, logits, average="macro"),
            "macro_f1": f1_score(targets, guesses, average="macro"),
            "micro_f1": f1_score(targets, guesses, average="micro"),
            "subset_accuracy": accuracy_score(targets, guesses),
            "log_loss": np.mean([log_loss(targets[:, k], sigmoid(logits[:, k])) for k in range(4)]),
        },
        rel=1e-5,
    )


def test_equal_scores_count_together_in_the_average_precision() -> None:
    targets = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0]], dtype=np.float32)
    logits = np.array([[2, 0], [2, 0], [1, 0], [1, 0], [0, 0]], dtype=np.float32)
    expected = average_precision_score(targets, logits, average="macro")
    assert METRICS["mean_average_precision"](targets, logits) == pytest.approx(expected)


def test_labels_of_all_images_or_none_are_left_out_of_the_average_precision() -> None:
    rng = np.random.default_rng(0)
    targets, logits = np.zeros((20, 3), dtype=np.float32), rng.normal(size=(20, 3)).astype(np.float32)
    targets[:, 0], targets[:7, 1] = 1, 1
    metric = METRICS["mean_average_precision"]
    assert metric(targets, logits) == pytest.approx(average_precision_score(targets[:, 1], logits[:, 1]))
    assert not metric.why_undefined(targets)
    assert "no label is there on some images" in metric.why_undefined(targets[:, [0, 2]])
    assert metric(targets[:, [0, 2]], logits[:, [0, 2]]) == 0


@pytest.mark.parametrize("name", ["mean_average_precision", "macro_f1", "micro_f1"])
def test_scores_of_samples_are_those_of_repeated_images(
    name: str, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    targets, logits = drawn
    rng = np.random.default_rng(1)
    counts = np.stack([np.bincount(rng.integers(0, 200, 200), minlength=200) for _ in range(5)])
    metric = METRICS[name]
    assert metric.bootstrap is not None
    expected = []
    for times in counts:
        rows = np.repeat(np.arange(200), times)
        expected.append(metric(targets[rows], logits[rows]))
    np.testing.assert_allclose(metric.bootstrap(targets, logits, counts.astype(float)), expected)


@pytest.mark.parametrize("name", ["macro_f1", "micro_f1"])
def test_influences_predict_the_score_without_an_image(
    name: str, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    targets, logits = drawn[0][:, :3], drawn[1][:, :3]
    metric, n = METRICS[name], len(targets)
    assert metric.influence is not None
    influence = metric.influence(targets, logits)
    assert influence.mean() == pytest.approx(0, abs=1e-9)
    without = np.array([metric(np.delete(targets, i, 0), np.delete(logits, i, 0)) for i in range(n)])
    changes = (metric(targets, logits) - without) * (n - 1)
    assert np.corrcoef(influence, changes)[0, 1] > 0.99


def test_every_metric_is_finite_without_any_label() -> None:
    targets, logits = np.zeros((5, 4), dtype=np.float32), -np.ones((5, 4), dtype=np.float32)
    for metric in METRICS.values():
        assert np.isfinite(metric(targets, logits))
    assert METRICS["macro_f1"].why_undefined(targets) == "no image has any label"


def test_a_name_of_two_kinds_is_that_of_the_target(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    assert get_metric("macro_f1", SPEC) is METRICS["macro_f1"]
    assert get_metric("macro_f1").kinds == {"single_label"}
    assert get_metric(get_metric("macro_f1"), SPEC) is METRICS["macro_f1"]
    assert pickle.loads(pickle.dumps(METRICS["micro_f1"]))(*drawn) == METRICS["micro_f1"](*drawn)


def test_a_metric_of_another_kind_is_refused_with_those_that_are_possible() -> None:
    with pytest.raises(MetricError, match=r"accuracy scores single_label .*Choose one of mean_average_prec"):
        get_metric("accuracy", SPEC)
    with pytest.raises(MetricError, match=r"mean_average_precision scores multi_label .*Choose one of accur"):
        get_metric("mean_average_precision", TargetSpec("single_label", ("a", "b")))
    with pytest.raises(UnknownName, match="Did you mean 'micro_f1'"):
        get_metric("mikro_f1", SPEC)


def test_a_users_function_gets_the_labels_and_their_probabilities(
    drawn: tuple[np.ndarray, np.ndarray],
) -> None:
    def hits(labels: np.ndarray, probabilities: np.ndarray) -> float:
        assert labels.shape == probabilities.shape
        assert 0 <= probabilities.min() <= probabilities.max() <= 1
        return float(((probabilities > 0.5) == (labels > 0.5)).mean())

    metric, (targets, logits) = get_metric(hits, SPEC), drawn
    assert metric(targets, logits) == pytest.approx(((logits > 0) == (targets > 0.5)).mean())
    assert metric.accuracy_scale(targets, MultiLabel(SPEC)) > 0


def test_a_sample_in_which_no_label_tells_images_apart_has_no_average_precision() -> None:
    targets = np.array([[1, 0], [0, 1], [0, 0], [0, 0]], dtype=np.float32)
    counts = np.array([[0.0, 0, 2, 2], [1, 1, 1, 1]])
    metric = METRICS["mean_average_precision"]
    assert metric.bootstrap is not None
    np.testing.assert_allclose(metric.bootstrap(targets, targets, counts), [np.nan, 1.0])
