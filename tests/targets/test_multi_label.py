"""Several labels: the contract of targets, and the numbers of sigmoid and binary cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from timm.loss import BinaryCrossEntropy

from autotl.api import HeadSetting, LinearProblem, TargetSpec
from autotl.clock import NEVER
from autotl.errors import DataError
from autotl.metrics import get_metric
from autotl.targets import MultiLabel
from autotl.targets.multi_label import NO_LABEL
from autotl.testing import TargetChecks

SPEC = TargetSpec("multi_label", ("ant", "bee", "cat"))
SETS = [("ant", "cat"), (), ("bee",), ("ant",), ("ant", "bee", "cat"), ("ant",)]


class TestMultiLabel(TargetChecks):
    target = MultiLabel(SPEC)

    def test_labels_are_encoded_as_zero_and_one(self) -> None:
        assert self.target.encode(SETS[:3]).tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
        with pytest.raises(DataError, match=r"one of the labels \(got 'dog'\)"):
            self.target.encode([("ant", "dog")])

    def test_the_stratum_is_the_rarest_label(self) -> None:
        encoded = self.target.encode(SETS)  # ant 4, bee 2, cat 2: the first of equally rare labels counts
        assert self.target.strata(encoded).tolist() == [2, 3, 1, 0, 1, 0]
        assert self.target.memberships(encoded) == [[0, 2], [3], [1], [0], [0, 1, 2], [0]]
        assert self.target.strata_names == ("ant", "bee", "cat", NO_LABEL)

    def test_a_label_of_the_same_name_is_told_from_no_label(self) -> None:
        names = MultiLabel(TargetSpec("multi_label", ("a", NO_LABEL))).strata_names
        assert len(set(names)) == 3

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    def test_the_loss_is_timms_for_each_image(self, smoothing: float) -> None:
        targets, outputs = (torch.from_numpy(each) for each in self.target.example(8, seed=0))
        if smoothing:
            off = smoothing / 3
            expected = torch.nn.functional.binary_cross_entropy_with_logits(
                outputs, torch.where(targets > 0.5, 1 - smoothing + off, off)
            )
        else:
            expected = BinaryCrossEntropy(smoothing=0.0)(outputs, targets)
        assert float(self.target.loss(outputs, targets, smoothing=smoothing)) == pytest.approx(
            3 * float(expected), rel=1e-5
        )

    def test_the_log_likelihood_is_that_of_the_loss(self) -> None:
        targets, outputs = self.target.example(50, seed=1)
        loss = self.target.loss(torch.from_numpy(outputs), torch.from_numpy(targets))
        assert -self.target.log_likelihood(outputs, targets).mean() == pytest.approx(float(loss), rel=1e-5)

    def test_constant_outputs_have_the_labels_frequencies(self) -> None:
        predicted = self.target.predict(self.target.constant(self.target.encode(SETS)))
        np.testing.assert_allclose(predicted[0], [4 / 6, 2 / 6, 2 / 6], atol=1e-6)

    def test_labels_of_all_images_or_none_are_finite(self) -> None:
        targets = np.array([[1, 0, 1], [1, 0, 0]], dtype=np.float32)
        constant = self.target.constant(targets)
        assert np.isfinite(constant).all()
        assert np.isfinite(self.target.log_likelihood(constant, targets)).all()
        assert np.isfinite(get_metric("log_loss", SPEC)(targets, constant))

    def test_an_image_is_correct_if_all_its_labels_are(self) -> None:
        targets = self.target.encode([("ant",), ("ant", "bee")])
        outputs = np.array([[1, -1, -1], [1, -1, -1]], dtype=np.float32)
        assert self.target.correct(outputs, targets).tolist() == [True, False]

    def test_overconfident_logits_get_a_temperature_above_one(self) -> None:
        rng = np.random.default_rng(0)
        logits = rng.normal(size=(2000, 3)).astype(np.float32)
        targets = (rng.random((2000, 3)) < self.target.predict(logits)).astype(np.float32)
        found = self.target.calibrate(3 * logits, targets, seed=0)
        assert found.kept
        assert found.value == pytest.approx(3, rel=0.1)
        assert not self.target.calibrate(logits[:10], targets[:10], seed=0).kept


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_label_has_scikit_learns_logistic_regression(balanced: bool, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 6)).astype(np.float32)
    truth = x @ rng.normal(size=(6, 4)) + rng.normal(size=(300, 4)) - 1
    targets = (truth > 0).astype(np.float32)
    weights = rng.uniform(0.5, 1.5, 300).astype(np.float32) if weighted else None
    own = None if weights is None else weights / weights.mean()
    problem = LinearProblem(
        torch.from_numpy(x),
        torch.from_numpy(targets),
        [torch.arange(300)],
        None if weights is None else torch.from_numpy(weights),
    )
    setting = HeadSetting(0.3, standardise=False, balanced=balanced)
    target = MultiLabel(TargetSpec("multi_label", tuple("abcd")))
    heads = target.fit_linear(problem, [setting], check_cancelled=lambda: None, end=NEVER)
    assert heads.converged
    found = x @ heads.weight[0, 0].numpy().T + heads.bias[0, 0].numpy()
    for label in range(4):
        share = np.where(targets[:, label] > 0.5, targets[:, label].mean(), 1 - targets[:, label].mean())
        mass = (np.ones(300) if own is None else own) * (0.5 / share if balanced else 1)
        theirs = LogisticRegression(C=0.3, tol=1e-8).fit(x, targets[:, label], sample_weight=mass)
        np.testing.assert_allclose(found[:, label], theirs.decision_function(x), atol=0.12)


def test_a_label_of_all_images_or_none_does_not_break_the_heads() -> None:
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(40, 5)).astype(np.float32))
    targets = torch.zeros(40, 3)
    targets[:, 0], targets[:20, 1] = 1.0, 1.0
    target = MultiLabel(SPEC)
    settings = [HeadSetting(0.01), HeadSetting(0.01, balanced=True)]
    heads = target.fit_linear(
        LinearProblem(x, targets, [torch.arange(40)]), settings, check_cancelled=lambda: None, end=NEVER
    )
    assert bool(heads.weight.isfinite().all())
    outputs = x @ heads.weight[0, 0].T + heads.bias[0, 0]
    assert bool((outputs[:, 0] > 0).all())
    assert bool((outputs[:, 2] < 0).all())
