"""Single labels: the contract of targets, and the numbers of softmax and cross-entropy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from autotl.api import TargetSpec
from autotl.errors import DataError
from autotl.metrics import get_metric
from autotl.targets import TARGETS, SingleLabel, chance_level, target_of
from autotl.testing import TargetChecks

SPEC = TargetSpec("single_label", ("ant", "bee", "cat"))


class TestSingleLabel(TargetChecks):
    target = SingleLabel(SPEC)

    def test_classes_are_encoded_by_their_order(self) -> None:
        assert self.target.encode(["cat", "ant", "cat"]).tolist() == [2, 0, 2]

    def test_an_unknown_class_is_an_error(self) -> None:
        with pytest.raises(DataError, match=r"one of the classes \(got 'dog'\)"):
            self.target.encode(["ant", "dog"])

    def test_constant_outputs_have_the_class_frequencies(self) -> None:
        predicted = self.target.predict(self.target.constant(np.array([0, 0, 0, 1])))
        np.testing.assert_allclose(predicted[0], [0.75, 0.25, 0], atol=1e-6)

    @pytest.mark.parametrize("smoothing", [0.0, 0.1])
    def test_the_loss_is_torchs_cross_entropy(self, smoothing: float) -> None:
        labels, logits = (torch.from_numpy(each) for each in self.target.example(8, seed=0))
        expected = functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        assert self.target.loss(logits, labels, smoothing=smoothing) == expected

    def test_strata_are_the_classes(self) -> None:
        assert self.target.strata(np.array([2, 0])).tolist() == [2, 0]
        assert self.target.strata_names == SPEC.names


def test_each_kind_has_its_mathematics() -> None:
    assert target_of(SPEC) == SingleLabel(SPEC)
    assert all(make(TargetSpec(kind, ("a", "b"))).spec.kind == kind for kind, make in TARGETS.items())


@pytest.mark.parametrize(
    ("metric", "guess", "scale"), [("accuracy", 0.25, 1), ("log_loss", -np.log(4), np.log(4))]
)
def test_guessing_among_four_classes(metric: str, guess: float, scale: float) -> None:
    assert chance_level(get_metric(metric), 4) == pytest.approx((guess, scale), abs=1e-6)
