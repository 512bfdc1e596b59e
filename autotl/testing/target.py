"""Checks that every kind of target must pass: :class:`TargetChecks`."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from autotl.api import LinearProblem, Target, Temperature
from autotl.clock import NEVER
from autotl.metrics import get_metric
from autotl.training import PROBE

ROWS = 60
FEATURES = 5


class TargetChecks:
    """Set ``target`` to a target of any kind.

    >>> class TestMine(TargetChecks):
    ...     target = Mine(TargetSpec("mine", ("a", "b", "c")))
    """

    target: Target

    def test_it_follows_the_contract(self) -> None:
        """It has the members of :class:`autotl.api.Target`, and crosses processes."""
        assert isinstance(self.target, Target)
        assert self.target.spec.outputs == len(self.target.spec.names) >= 1
        assert pickle.loads(pickle.dumps(self.target)).spec == self.target.spec

    def test_its_example_has_the_shapes_of_the_contract(self) -> None:
        """Each image has a row, and the same seed repeats it."""
        targets, outputs = self.target.example(ROWS, seed=0)
        assert len(targets) == ROWS
        assert outputs.shape == (ROWS, self.target.spec.outputs)
        assert outputs.dtype == np.dtype(np.float32)
        np.testing.assert_array_equal(outputs, self.target.example(ROWS, seed=0)[1])
        assert not np.array_equal(outputs, self.target.example(ROWS, seed=1)[1])

    def test_its_default_metric_prefers_perfect_outputs_to_constant_ones(self) -> None:
        """It scores the target, and its accuracy scale is positive."""
        metric = get_metric(self.target.default_metric, self.target.spec)
        targets, _ = self.target.example(ROWS, seed=0)
        assert self.target.spec.kind in metric.kinds
        assert metric(targets, self.target.perfect(targets)) > metric(targets, self.target.constant(targets))
        assert metric.accuracy_scale(targets, self.target) > 0

    def test_perfect_outputs_are_correct_and_likely(self) -> None:
        """They are correct on every image, and more likely than constant outputs."""
        targets, _ = self.target.example(ROWS, seed=0)
        perfect, constant = self.target.perfect(targets), self.target.constant(targets)
        np.testing.assert_allclose(self.target.correct(perfect, targets), 1.0, atol=1e-5)
        likely = self.target.log_likelihood(perfect, targets) - self.target.log_likelihood(constant, targets)
        assert likely.shape == (ROWS,)
        assert likely.mean() > 0

    def test_constant_outputs_ignore_the_images(self) -> None:
        """All rows are equal."""
        targets, _ = self.target.example(ROWS, seed=0)
        constant = self.target.constant(targets)
        np.testing.assert_array_equal(constant, np.tile(constant[:1], (ROWS, 1)))

    def test_outputs_of_inverts_predict(self) -> None:
        """A prediction survives the way to outputs and back."""
        _, outputs = self.target.example(ROWS, seed=0)
        predictions = self.target.predict(outputs)
        again = self.target.predict(self.target.outputs_of(predictions))
        np.testing.assert_allclose(again, predictions, rtol=1e-5, atol=1e-5)

    def test_a_combination_predicts_the_weighted_mean(self) -> None:
        """A single network keeps its predictions."""
        (_, one), (_, other) = (self.target.example(ROWS, seed=seed) for seed in (0, 1))
        mean = 0.25 * self.target.predict(one) + 0.75 * self.target.predict(other)
        together = self.target.predict(self.target.combine([one, other], [0.25, 0.75]))
        np.testing.assert_allclose(together, mean, rtol=1e-5, atol=1e-5)
        alone = self.target.predict(self.target.combine([one], [1.0]))
        np.testing.assert_allclose(alone, self.target.predict(one), rtol=1e-5, atol=1e-5)

    def test_every_image_has_a_named_stratum(self) -> None:
        """Strata are numbers of the names."""
        targets, _ = self.target.example(ROWS, seed=0)
        strata = self.target.strata(targets)
        assert strata.shape == (ROWS,)
        assert {*strata.tolist()} <= {*range(len(self.target.strata_names))}
        members = self.target.memberships(targets)
        assert all(stratum in each for stratum, each in zip(strata.tolist(), members, strict=True))

    def test_hidden_targets_have_a_stratum(self) -> None:
        """Labels and numbers of hidden images are NaN."""
        targets, _ = self.target.example(ROWS, seed=0)
        if targets.dtype.kind == "f":
            targets[: ROWS // 2] = np.nan
        assert len(self.target.strata(targets)) == len(self.target.memberships(targets)) == ROWS

    def test_the_loss_falls_along_its_gradient(self) -> None:
        """A step down the gradient lowers the loss of random outputs."""
        targets, outputs = self.target.example(ROWS, seed=0)
        encoded, x = torch.from_numpy(targets), torch.from_numpy(outputs).requires_grad_()
        loss = self.target.loss(x, encoded)
        (gradient,) = torch.autograd.grad(loss, x)
        assert self.target.loss(x - gradient, encoded) < loss

    def test_the_loss_weighs_its_rows(self) -> None:
        """Equal weights change nothing; a weight of 0 removes a row."""
        targets, outputs = self.target.example(ROWS, seed=0)
        encoded, x = torch.from_numpy(targets), torch.from_numpy(outputs)
        plain, even = self.target.loss(x, encoded), self.target.loss(x, encoded, weights=torch.ones(ROWS))
        torch.testing.assert_close(plain, even)
        first = torch.zeros(ROWS)
        first[0] = ROWS
        torch.testing.assert_close(
            self.target.loss(x, encoded, weights=first), self.target.loss(x[:1], encoded[:1])
        )

    @pytest.mark.parametrize("weighted", [False, True])
    def test_a_linear_head_learns_from_telling_features(self, weighted: bool) -> None:
        """It beats constant outputs on rows that it did not learn from."""
        targets, _ = self.target.example(ROWS, seed=0)
        perfect = torch.from_numpy(self.target.perfect(targets))
        noise = torch.randn(ROWS, FEATURES, generator=torch.Generator().manual_seed(0))
        features = torch.cat([perfect / perfect.std(), noise], dim=1)
        train, other = torch.arange(0, ROWS, 2), np.arange(1, ROWS, 2)
        weights = torch.ones(ROWS) if weighted else None
        problem = LinearProblem(features, torch.from_numpy(targets), [train], weights)
        heads = self.target.fit_linear(problem, [PROBE], check_cancelled=lambda: None, end=NEVER)
        assert heads.converged
        assert heads.weight.shape == (1, 1, self.target.spec.outputs, features.shape[1])
        found = (features @ heads.weight[0, 0].T + heads.bias[0, 0]).numpy().astype(np.float32)[other]
        metric = get_metric(self.target.default_metric, self.target.spec)
        assert metric(targets[other], found) > metric(targets[other], self.target.constant(targets[other]))

    def test_calibration_is_kept_or_says_why_not(self) -> None:
        """It is a positive temperature, or an interval of each number."""
        targets, outputs = self.target.example(ROWS, seed=0)
        found = self.target.calibrate(outputs, targets, seed=0)
        assert found.n == ROWS
        assert found.kept == (not found.why)
        if isinstance(found, Temperature):
            assert found.value > 0
        else:
            assert len(found.half_widths) == self.target.spec.outputs
            assert min(found.half_widths) > 0
