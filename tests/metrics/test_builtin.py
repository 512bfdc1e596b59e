"""Metrics, against scikit-learn's."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss, roc_auc_score

from autotl.api import TargetSpec
from autotl.errors import MetricError, UnknownName
from autotl.metrics import METRICS, check_metric, get_metric, import_reference
from autotl.targets import SingleLabel


@pytest.fixture
def drawn() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.choice(4, 200, p=[0.6, 0.2, 0.15, 0.05])
    return labels, (rng.normal(size=(200, 4)) + 1.5 * np.eye(4)[labels]).astype(np.float32)


def test_metrics_agree_with_scikit_learn(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    guesses = logits.argmax(1)
    assert get_metric("accuracy")(labels, logits) == pytest.approx(accuracy_score(labels, guesses))
    assert get_metric("balanced_accuracy")(labels, logits) == pytest.approx(
        balanced_accuracy_score(labels, guesses)
    )
    assert get_metric("macro_f1")(labels, logits) == pytest.approx(f1_score(labels, guesses, average="macro"))


def test_a_class_missing_from_a_fold_does_not_count(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    present = labels < 3
    expected = np.mean([(logits[labels == c].argmax(1) == c).mean() for c in range(3)])
    assert get_metric("balanced_accuracy")(labels[present], logits[present]) == pytest.approx(expected)


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'accuracy'"):
        get_metric("acuracy")


def test_log_loss_is_scikit_learns_and_searched_by_its_negative(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    found = get_metric("log_loss")
    expected = log_loss(labels, softmax(logits.astype(float), axis=1), labels=range(4))
    assert found(labels, logits) == pytest.approx(-expected)
    assert found.reported(found(labels, logits)) == pytest.approx(expected)
    assert not found.higher_is_better


def test_log_loss_of_certain_wrong_predictions_is_finite() -> None:
    wrong = np.array([[1000.0, 0.0]], dtype=np.float32)
    assert get_metric("log_loss")(np.array([1]), wrong) == pytest.approx(-1000.0)


def test_auroc_is_scikit_learns_for_two_classes_and_for_several(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    chances = softmax(logits.astype(float), axis=1)
    assert get_metric("auroc")(labels, logits) == pytest.approx(
        roc_auc_score(labels, chances, multi_class="ovr", average="macro")
    )
    two = labels < 2
    pair = softmax(logits[two, :2].astype(float), axis=1)
    assert get_metric("auroc")(labels[two], logits[two, :2]) == pytest.approx(
        roc_auc_score(labels[two], pair[:, 1])
    )


@pytest.mark.parametrize("name", METRICS)
def test_classes_missing_from_a_fold_break_no_metric(name: str, drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    for present in (labels < 3, labels == 1, np.arange(200) == 0):
        assert np.isfinite(get_metric(name)(labels[present], logits[present]))


def test_auroc_of_missing_classes_is_the_mean_of_those_there(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    present = labels < 3
    labels, chances = labels[present], softmax(logits[present].astype(float), axis=1)
    expected = np.mean([roc_auc_score(labels == c, chances[:, c]) for c in range(3)])
    assert get_metric("auroc")(labels, logits[present]) == pytest.approx(expected)


@pytest.mark.parametrize("name", METRICS)
def test_per_image_values_give_the_bootstraps_standard_error(
    name: str, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    labels, logits = drawn
    other = (logits + np.random.default_rng(1).normal(size=logits.shape)).astype(np.float32)
    found = get_metric(name)
    each = found.per_image or found.influence
    assert each is not None
    predicted = (each(labels, logits) - each(labels, other)).std() / np.sqrt(len(labels))
    rows = np.random.default_rng(2).integers(0, len(labels), (400, len(labels)))
    seen = np.std([found(labels[r], logits[r]) - found(labels[r], other[r]) for r in rows])
    assert predicted == pytest.approx(seen, rel=0.2)


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS[name].bootstrap])
@pytest.mark.parametrize("tied", [True, False])
def test_samples_scored_together_are_scored_as_each_alone(
    name: str, tied: bool, drawn: tuple[np.ndarray, np.ndarray]
) -> None:
    labels, logits = drawn
    logits = logits.round() if tied else logits
    rng = np.random.default_rng(3)
    samples = [*rng.integers(0, 200, (20, 200)), *rng.integers(0, 200, (10, 5)), np.flatnonzero(labels == 1)]
    counts = np.stack([np.bincount(rows, minlength=200) for rows in samples]).astype(float)
    score = get_metric(name).bootstrap
    assert score is not None
    alone = [get_metric(name)(labels[rows], logits[rows]) for rows in samples]
    np.testing.assert_allclose(score(labels, logits, counts), alone, rtol=0, atol=1e-12)


def certainty(labels: np.ndarray, chances: np.ndarray) -> float:
    return float(chances[np.arange(len(labels)), labels].mean())


def test_a_custom_function_is_given_probabilities(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    found = get_metric(certainty)
    assert found.name == "certainty"
    assert found(labels, logits) == pytest.approx(certainty(labels, softmax(logits.astype(float), axis=1)))


def test_a_function_is_named_by_its_module_where_it_can_be_imported_again() -> None:
    assert get_metric("statistics:mean").reference == "statistics:mean"
    assert import_reference(accuracy_score) is not None
    assert import_reference(lambda labels, chances: 0.0) is None


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("no_such_module:f", "cannot be imported"),
        ("statistics:no_such_function", "has no 'no_such_function'"),
        ("math:pi", "must be a function"),
        (7, "got a int"),
    ],
)
def test_other_objects_are_refused_as_metrics(named: object, said: str) -> None:
    with pytest.raises(MetricError, match=said):
        get_metric(named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda labels, chances: float("nan"), "must return a finite number"),
        (lambda labels, chances: chances, "must return one number"),
        (lambda labels, chances: None, "must return one number"),
        (lambda labels: 1.0, "cannot score labels"),
    ],
)
def test_a_function_that_returns_no_number_is_refused_at_once(function: object, said: str) -> None:
    with pytest.raises(MetricError, match=said):
        check_metric(get_metric(function), SingleLabel(TargetSpec("single_label", tuple("abc"))))  # type: ignore[arg-type]


def test_a_function_called_like_a_metric_is_refused() -> None:
    def accuracy(labels: np.ndarray, chances: np.ndarray) -> float:
        return 1.0

    with pytest.raises(MetricError, match="another name"):
        get_metric(accuracy)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_can_be_pickled(name: str) -> None:
    labels = np.array([0, 1, 2, 1])
    logits = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    for each in (METRICS[name], METRICS[name].calibrated_likelihood):
        if each is not None:
            assert pickle.loads(pickle.dumps(each))(labels, logits) == each(labels, logits)


def test_a_function_gets_copies_and_cannot_end_the_program(drawn: tuple[np.ndarray, np.ndarray]) -> None:
    labels, logits = drawn
    before = labels.copy(), logits.copy()

    def altering(labels: np.ndarray, chances: np.ndarray) -> float:
        labels[:], chances[:] = 0, 0
        return 0.5

    def leaving(labels: np.ndarray, chances: np.ndarray) -> float:
        raise SystemExit(7)

    assert get_metric(altering)(labels, logits) == 0.5
    assert np.array_equal(labels, before[0])
    assert np.array_equal(logits, before[1])
    with pytest.raises(MetricError, match=r"leaving ended the program \(SystemExit: 7\)"):
        get_metric(leaving)(labels, logits)
