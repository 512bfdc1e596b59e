"""Numbers: the contract of targets, ridge regression and the coverage of intervals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from autotl.api import HeadSetting, LinearProblem, TargetSpec
from autotl.clock import NEVER
from autotl.errors import DataError
from autotl.metrics import get_metric
from autotl.targets import Regression, target_of
from autotl.targets.conformal import prediction_intervals
from autotl.testing import TargetChecks
from autotl.training import DEFAULT_C

SPEC = TargetSpec("regression", ("angle", "size"), (10.0, -3.0), (5.0, 0.1))


class TestRegression(TargetChecks):
    target = Regression(SPEC)

    def test_numbers_are_encoded_in_the_users_units(self) -> None:
        encoded = self.target.encode([(1.5, 2), (3, -4.25)])
        assert encoded.dtype == np.float32
        assert encoded.tolist() == [[1.5, 2], [3, -4.25]]

    @pytest.mark.parametrize("wrong", ["1.5", (1.0,), (1.0, float("nan")), (1.0, float("inf"))])
    def test_anything_else_is_an_error(self, wrong: object) -> None:
        with pytest.raises(DataError, match="must be 2 finite numbers"):
            self.target.encode([wrong])  # type: ignore[list-item] # the wrong type is the test

    def test_outputs_are_standardised_and_predictions_in_units(self) -> None:
        outputs = np.array([[0, 0], [1, -2]], dtype=np.float32)
        np.testing.assert_allclose(self.target.predict(outputs), [[10, -3], [15, -3.2]], rtol=1e-6)
        numbers = torch.tensor([[10.0, -3.0], [15.0, -3.2]])
        assert float(self.target.loss(torch.from_numpy(outputs), numbers)) == pytest.approx(0, abs=1e-9)

    def test_without_scales_outputs_are_in_units(self) -> None:
        outputs = np.array([[1.5, -2]], dtype=np.float32)
        target = target_of(SPEC.in_units)
        assert target.predict(outputs).tolist() == outputs.tolist()
        assert float(target.loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 2.0]]))) == 2.0

    def test_smoothing_changes_nothing(self) -> None:
        targets, outputs = (torch.from_numpy(each) for each in self.target.example(8, seed=0))
        assert self.target.loss(outputs, targets, smoothing=0.1) == self.target.loss(outputs, targets)

    def test_strata_are_fifths_of_the_first_number(self) -> None:
        numbers = np.arange(50, dtype=np.float32)[:, None] * [1, -1]
        assert np.bincount(self.target.strata(numbers)).tolist() == [10] * 5
        assert self.target.strata(numbers)[[0, 49]].tolist() == [0, 4]

    def test_equal_numbers_are_in_one_stratum(self) -> None:
        numbers = np.repeat([[0.0, 0], [1, 0]], [30, 10], axis=0)
        assert len({*self.target.strata(numbers)[:30].tolist()}) == 1

    def test_a_prediction_is_as_correct_as_it_explains(self) -> None:
        numbers = np.array([[10.0, -3], [15, -3], [30, -3]], dtype=np.float32)
        outputs = np.zeros((3, 2), dtype=np.float32)
        np.testing.assert_allclose(self.target.correct(outputs, numbers), [1, 0.5, 0.5])


@pytest.mark.parametrize("rows", [60, 12])
@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_heads_are_scikit_learns_ridge(rows: int, standardise: bool, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(rows, 20)) * np.linspace(0.5, 3, 20) + 1).astype(np.float32)
    numbers = (x[:, :2] * [5, 0.1] + [10, -3] + 0.1 * rng.normal(size=(rows, 2))).astype(np.float32)
    weights = rng.uniform(0.5, 1.5, rows).astype(np.float32) if weighted else None
    problem = LinearProblem(
        torch.from_numpy(x),
        torch.from_numpy(numbers),
        [torch.arange(rows)],
        None if weights is None else torch.from_numpy(weights),
    )
    settings = [HeadSetting(c, standardise) for c in (0.01, 1.0)]
    heads = Regression(SPEC).fit_linear(problem, settings, check_cancelled=lambda: None, end=NEVER)
    spread = x.std(0, ddof=1) if standardise else np.ones(20)
    own = None if weights is None else weights / weights.mean()
    y = (numbers - np.array(SPEC.means)) / SPEC.scales
    for place, setting in enumerate(settings):
        alpha = _best_penalty(x / spread, y, own) * DEFAULT_C / setting.c
        theirs = Ridge(alpha=alpha).fit(x / spread, y, sample_weight=own)
        found = x @ heads.weight[0, place].numpy().T + heads.bias[0, place].numpy()
        np.testing.assert_allclose(found, theirs.predict(x / spread), atol=1e-3)


def _best_penalty(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None) -> float:
    """Return the largest penalty within a standard error of the best, by leaving out each row in turn."""
    w = np.ones(len(x)) if weights is None else weights.astype(float)
    centred = (x - np.average(x, axis=0, weights=w)) * np.sqrt(w)[:, None]
    values = np.linalg.eigvalsh((centred @ centred.T).astype(float))
    penalties = values[values > 1e-9 * values[-1]].mean() * np.logspace(-4, 3, 29)
    errors = np.stack([_left_out_errors(x, y, w, penalty) for penalty in penalties], axis=1)
    more = errors - errors[:, [errors.mean(0).argmin()]]
    return float(penalties[more.mean(0) <= more.std(0) / np.sqrt(len(x))].max())


def _left_out_errors(x: np.ndarray, y: np.ndarray, weights: np.ndarray, penalty: float) -> np.ndarray:
    found = []
    for row in range(len(x)):
        others = np.arange(len(x)) != row
        model = Ridge(alpha=penalty).fit(x[others], y[others], sample_weight=weights[others])
        found.append(weights[row] * np.abs(model.predict(x[[row]]) - y[row]).sum())
    return np.array(found)


@pytest.mark.parametrize("rows", [60, 400])
def test_a_head_of_features_without_information_is_hardly_worse_than_the_mean(rows: int) -> None:
    rng = np.random.default_rng(1)
    x, numbers = rng.normal(size=(rows, 200)), rng.normal(size=(rows, 1)) * 5 + 10
    new, truth = rng.normal(size=(500, 200)), rng.normal(size=500) * 5 + 10
    found = _predicted(x, numbers, new)
    assert np.mean((found - truth) ** 2) < 1.15 * np.mean((numbers.mean() - truth) ** 2)


def test_a_head_of_informative_features_is_not_shrunk_to_the_mean() -> None:
    rng = np.random.default_rng(1)
    x, weights = rng.normal(size=(300, 200)), rng.normal(size=200)
    new = rng.normal(size=(500, 200))
    found = _predicted(x, (x @ weights)[:, None] + 10, new)
    assert np.mean((found - new @ weights - 10) ** 2) < 0.05 * np.var(new @ weights)


def test_gross_errors_do_not_lead_to_a_close_fit() -> None:
    rng = np.random.default_rng(2)
    x, numbers = rng.normal(size=(48, 160)), rng.uniform(20, 100, size=(48, 1))
    numbers[::8] += 500
    found = _predicted(x, numbers, rng.normal(size=(200, 160)))
    assert np.abs(found - numbers.mean()).max() < 200


def _predicted(x: np.ndarray, numbers: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the predictions for new features of a head with the default setting."""
    spec = TargetSpec("regression", ("length",), (10.0,), (5.0,))
    rows = [torch.arange(len(x))]
    problem = LinearProblem(torch.from_numpy(x).float(), torch.from_numpy(numbers).float(), rows)
    setting = HeadSetting(DEFAULT_C)
    heads = Regression(spec).fit_linear(problem, [setting], check_cancelled=lambda: None, end=NEVER)
    return (new @ heads.weight[0, 0, 0].numpy() + float(heads.bias[0, 0, 0])) * 5 + 10


def test_intervals_hold_the_promised_share_of_new_numbers() -> None:
    """On average over many samples, as Lei et al. promise, and not many more."""
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        found = prediction_intervals(rng.standard_t(3, size=(30, 1)))
        held.append(np.mean(np.abs(rng.standard_t(3, size=500)) <= found.half_widths[0]))
    assert np.mean(held) + 2 * np.std(held) / 20 >= 0.9
    assert np.mean(held) < 0.9 + 1 / 31 + 0.02


def test_too_few_images_give_no_interval_and_near_copies_a_warning() -> None:
    few = prediction_intervals(np.ones((8, 2)))
    assert not few.kept
    assert few.why == "8 validation images are too few: 90% intervals need 9"
    enough = prediction_intervals(np.arange(9.0)[:, None] * [1, 10])
    assert enough.half_widths == (8.0, 80.0)
    assert "too narrow" in prediction_intervals(np.ones((9, 1)), independent=False).why


def test_the_log_likelihood_prefers_smaller_errors() -> None:
    target = Regression(SPEC)
    numbers, _ = target.example(100, seed=0)
    near, far = (target.outputs_of(numbers + np.array([5, 0.1]) * size) for size in (0.1, 1.0))
    assert target.log_likelihood(near, numbers).mean() > target.log_likelihood(far, numbers).mean()


def test_metrics_of_standardised_outputs_are_in_units() -> None:
    numbers = np.array([[10.0, -3.0], [20.0, -3.1]], dtype=np.float32)
    outputs = Regression(SPEC).outputs_of(numbers + np.array([2.0, 0.0]))
    metric = get_metric("mae", SPEC)
    assert metric.reported(metric(numbers, outputs)) == pytest.approx(1.0, rel=1e-4)


def test_numbers_in_a_tiny_unit_are_as_correct() -> None:
    target = Regression(TargetSpec("regression", ("length",), (0.0,), (1e-15,)))
    outputs = np.array([[0.5], [2.0]], dtype=np.float32)
    np.testing.assert_allclose(target.correct(outputs, np.zeros((2, 1), dtype=np.float32)), [0.75, 0])
    constant = Regression(TargetSpec("regression", ("length",)))
    assert constant.correct(outputs, np.full((2, 1), 0.5, dtype=np.float32)).tolist() == [1, 0]
