"""Several labels and numbers are scored, compared and judged in their own units."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.api import PredictionIntervals, TargetSpec
from autotl.evaluation import (
    MultiLabelScores,
    RegressionScores,
    calibration_error,
    evaluate,
    gain,
    harmed,
    metric_name,
    selection_bias,
    significant,
    target_gains,
    training_gain,
)
from autotl.evaluation.resampling import bootstrap_scores
from autotl.targets import target_of

LABELS = target_of(TargetSpec("multi_label", ("cat", "dog", "hat")))
SPEC = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))
NUMBERS = target_of(SPEC)
Arrays = tuple[np.ndarray, np.ndarray]


def labelled(n: int = 300, *, noise: float = 1.0, seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 3)) < (0.5, 0.3, 0.1)).astype(np.float32)
    return truth, (4 * truth - 2 + noise * rng.normal(size=(n, 3))).astype(np.float32)


def numbered(n: int = 300, *, noise: float = 0.3, seed: int = 0) -> Arrays:
    """True numbers in units, and standardised predictions with errors of this many standard deviations."""
    rng = np.random.default_rng(seed)
    standard = rng.normal(size=(n, 2))
    outputs = (standard + noise * rng.normal(size=(n, 2))).astype(np.float32)
    return NUMBERS.predict(standard.astype(np.float32)).astype(np.float32), outputs


def test_each_label_has_its_own_scores() -> None:
    found = evaluate(*labelled(), LABELS, metric="mean_average_precision", seed=0)
    assert found.ci95[0] < found.value < found.ci95[1]
    assert isinstance(found.details, MultiLabelScores)
    cat = found.details.per_label[0]
    assert cat.name == "cat"
    assert cat.recall is not None
    assert cat.recall_ci95 is not None
    assert cat.recall_ci95[0] < cat.recall < cat.recall_ci95[1]
    assert found.details.labels_per_image[0] == pytest.approx(0.9, abs=0.1)
    assert found.always_majority is not None
    assert found.always_majority < found.value
    assert (found.per_class, found.confusion) == ((), ())


def test_a_label_without_images_has_no_recall() -> None:
    truth, outputs = labelled(60)
    truth[:, 2] = 0
    found = evaluate(truth, outputs, LABELS, metric="micro_f1", seed=0)
    assert isinstance(found.details, MultiLabelScores)
    hat = found.details.per_label[2]
    assert (hat.n, hat.recall, hat.average_precision, hat.recall_ci95) == (0, None, None, None)


def test_the_calibration_error_of_labels_is_a_mean_and_numbers_have_none() -> None:
    truth = np.array([[1, 0, 0]] * 70 + [[0, 0, 0]] * 30, dtype=np.float32)
    logit = np.log(0.7 / 0.3)
    outputs = np.tile(np.array([logit, -30, -30], dtype=np.float32), (100, 1))
    assert calibration_error(truth, outputs, LABELS) == pytest.approx(0.0, abs=1e-6)
    outputs[:, 0] = np.log(0.9 / 0.1)
    assert calibration_error(truth, outputs, LABELS) == pytest.approx(0.2 / 3, abs=1e-6)
    assert calibration_error(*numbered(), NUMBERS) is None


def test_errors_of_numbers_are_in_their_units() -> None:
    intervals = PredictionIntervals((1.645 * 3.0, 1.645 * 1.5), 0.9, 100)
    found = evaluate(*numbered(2000), NUMBERS, metric="mae", seed=0, intervals=intervals)
    assert isinstance(found.details, RegressionScores)
    age, height = found.details.per_column
    assert age.mae == pytest.approx(3.0 * 0.798, rel=0.05)  # the mean of |N(0, 3)|
    assert height.rmse == pytest.approx(1.5, rel=0.05)
    assert age.r2 == pytest.approx(1 - 0.09, abs=0.02)
    assert age.coverage == pytest.approx(0.9, abs=0.02)
    assert age.width == pytest.approx(2 * 1.645 * 3.0)
    assert len(age.points) == 400
    assert sum(age.residuals.counts) == 2000
    assert found.value == pytest.approx((age.mae + height.mae) / 2, rel=1e-5)
    assert found.always_majority is not None
    assert found.always_majority > 2 * found.value
    assert found.calibration_error is None


def test_without_intervals_there_is_no_coverage() -> None:
    found = evaluate(*numbered(40), NUMBERS, metric="r2", seed=0)
    assert isinstance(found.details, RegressionScores)
    assert found.details.expected_coverage is None
    assert {each.coverage for each in found.details.per_column} == {None}


def test_constant_predictions_have_no_rank_correlation() -> None:
    truth, outputs = numbered(50)
    found = evaluate(truth, np.zeros_like(outputs), NUMBERS, metric="mae", seed=0)
    assert isinstance(found.details, RegressionScores)
    assert found.details.per_column[0].spearman is None
    assert found.details.per_column[0].r2 == pytest.approx(0.0, abs=0.1)


def test_a_document_has_the_keys_of_all_kinds() -> None:
    several = evaluate(*labelled(), LABELS, metric="macro_f1", seed=0).document()
    numbers = evaluate(*numbered(), NUMBERS, metric="mae", seed=0).document()
    assert several.keys() == numbers.keys()
    assert "details" not in several
    assert len(several["per_label"]) == 3
    assert len(numbers["per_column"]) == 2
    assert several["per_class"] == numbers["per_class"] == ()
    assert numbers["calibration_error"] is None


@pytest.mark.parametrize("n", [20, 60])
def test_the_interval_of_a_mean_error_covers(n: int) -> None:
    truth_value, held = 2.394 * 0.5 + 1.197 * 0.5, 0
    for seed in range(100):
        low, high = evaluate(*numbered(n, seed=seed), NUMBERS, metric="mae", seed=seed).ci95
        held += low <= truth_value <= high
    assert held >= 91


def test_the_interval_of_mean_average_precision_covers() -> None:
    truth = evaluate(*labelled(20_000, noise=2.0), LABELS, metric="mean_average_precision", seed=0).value
    held = 0
    for seed in range(40):
        arrays = labelled(200, noise=2.0, seed=seed + 1)
        low, high = evaluate(*arrays, LABELS, metric="mean_average_precision", seed=seed).ci95
        held += low <= truth <= high
    assert held >= 35


def test_all_labels_right_leave_an_interval() -> None:
    truth, _ = labelled(40)
    found = evaluate(truth, LABELS.perfect(truth), LABELS, metric="mean_average_precision", seed=0)
    assert found.value == pytest.approx(1.0)
    assert found.ci95[0] < 0.995


def test_a_smaller_error_is_a_positive_gain() -> None:
    truth, good = numbered(200, noise=0.2)
    _, bad = numbered(200, noise=0.8)
    found = gain(truth, good, bad, metric="mae", seed=0, target=NUMBERS)
    assert found.value > 2
    assert found.direction == 1
    again = training_gain(truth, [good], [bad], metric="mae", seed=0, train_images=200, target=NUMBERS)
    assert again.value == pytest.approx(found.value)
    assert again.ci95[0] < found.ci95[0]
    assert again.direction == 1
    assert gain(truth, good, good, metric="mae", seed=0, target=NUMBERS).ci95 == (0, 0)


def test_equally_good_predictions_of_numbers_do_not_differ() -> None:
    truth, ours = numbered(100, noise=0.5, seed=0)
    theirs = ours[:, ::-1] * 0 + numbered(100, noise=0.5, seed=0)[1]
    theirs = (2 * NUMBERS.outputs_of(truth.astype(float)) - theirs).astype(np.float32)  # mirrored errors
    found = gain(truth, ours, theirs, metric="mae", seed=0, target=NUMBERS)
    assert found.direction == 0
    assert found.p > 0.05


def test_subset_accuracy_has_the_exact_tests_of_accuracy() -> None:
    truth, outputs = labelled(100, noise=0.1)
    worse = outputs.copy()
    worse[:20, 0] *= -1
    found = gain(truth, outputs, worse, metric="subset_accuracy", seed=0, target=LABELS)
    assert found.value == pytest.approx(0.2)
    assert found.p == pytest.approx(2 * 0.5**20)
    bound = evaluate(truth, outputs, LABELS, metric="subset_accuracy", seed=0).ci95
    assert bound == (pytest.approx(0.9638, abs=1e-3), 1.0)  # 100 of 100


@pytest.mark.parametrize(
    ("arrays", "metric", "target"),
    [(labelled, "mean_average_precision", LABELS), (numbered, "mae", NUMBERS)],
)
def test_selection_bias_of_equal_parts_is_within_chance(arrays, metric, target) -> None:
    test, folds = arrays(200, seed=1), [arrays(100, seed=2), arrays(100, seed=3)]
    score = float(np.mean([-evaluate(*fold, target, metric=metric, seed=0).value for fold in folds]))
    found = selection_bias(
        score if metric == "mae" else -score, folds, test, metric=metric, seed=0, target=target
    )
    assert found is not None
    assert found.ci95[0] < 0 < found.ci95[1]


def test_a_label_that_transfer_predicts_worse_is_named() -> None:
    truth, theirs = labelled(400, noise=0.3)
    ours = theirs.copy()
    ours[:60, 1] *= -1
    (found,) = harmed(truth, ours, theirs, LABELS)
    assert found.name == "dog"
    gains = target_gains(truth, ours, theirs, LABELS)
    assert [each.name for each in gains if each.significant] == ["dog"]
    assert len(gains) == len(LABELS.spec.names)
    assert found.gain.value == pytest.approx(-0.15, abs=0.03)
    assert harmed(truth, theirs, ours, LABELS) == ()


def test_a_baseline_that_never_predicts_a_rare_label_does_not_count() -> None:
    truth, ours = labelled(400, noise=2.5)
    never = np.full_like(ours, -3.0)
    assert harmed(truth, ours, never, LABELS) == ()


def test_a_range_of_numbers_that_transfer_predicts_worse_is_named() -> None:
    truth, theirs = numbered(300, noise=0.2)
    ours = theirs.copy()
    ours[truth[:, 0] > 46, 0] += 2.0
    (found,) = harmed(truth, ours, theirs, NUMBERS)
    assert found.name.startswith("age, highest third (")
    (same,) = [each for each in target_gains(truth, ours, theirs, NUMBERS) if each.significant]
    assert same == found
    assert found.gain.value < -5
    constant = np.zeros_like(theirs)
    assert harmed(truth, ours, constant, NUMBERS) == ()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (5.1, "5.10"),
        (0.0, "0"),
        (12345.6, "12,300"),
        (-0.01234, "−0.0123"),
        (999.7, "1,000"),
        (1e-7, "1.00e−07"),
        (float("nan"), "–"),
    ],
)
def test_numbers_have_three_significant_digits(number: float, text: str) -> None:
    assert significant(number) == text


def test_metrics_have_their_usual_names() -> None:
    assert [metric_name(each) for each in ("mae", "r2", "mean_average_precision")] == [
        "MAE",
        "R²",
        "mean average precision",
    ]


def sets_that_are_never_right(n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels, and two sides that are wrong about hats; the second is wrong about some cats too."""
    truth, _ = labelled(n)
    ours = (6 * truth - 3).astype(np.float32)
    ours[:, 2] *= -1
    theirs = ours.copy()
    theirs[: 3 * n // 10, 0] *= -1
    return truth, ours, theirs


def test_the_f1_of_labels_is_compared_by_labels_and_not_by_sets() -> None:
    truth, ours, theirs = sets_that_are_never_right()
    found = gain(truth, ours, theirs, metric="micro_f1", seed=0, target=LABELS)
    assert found.direction == 1
    again = training_gain(
        truth, [ours], [theirs], metric="micro_f1", seed=0, train_images=2000, target=LABELS
    )
    assert again.p < 0.05


def test_sides_that_differ_on_many_images_are_not_smoothed() -> None:
    truth, ours, theirs = sets_that_are_never_right()
    few = ours.copy()
    few[:10, 0] *= -1
    plain, _ = bootstrap_scores("log_loss", truth, [ours], [theirs], seed=0, target=LABELS)
    smoothed, _ = bootstrap_scores("log_loss", truth, [ours], [few], seed=0, target=LABELS)
    assert np.ptp(plain) < 1e-6  # each image has the same loss
    assert np.ptp(smoothed) > 1e-3
