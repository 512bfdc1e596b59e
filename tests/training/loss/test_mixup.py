"""Mixup."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from autotl.api import TargetSpec
from autotl.targets import SingleLabel
from autotl.training.loss.mixup import mixup
from autotl.training.loss.training_loss import Targets, training_loss

TARGET = SingleLabel(TargetSpec("single_label", tuple("abcdef")))


def test_examples_and_targets_are_mixed_by_the_same_share() -> None:
    labels = torch.arange(6)
    batch = F.one_hot(labels, 6).float()  # each example is its own target, so that a mixture shows its parts
    found, targets = mixup(batch, labels, 1.0, torch.Generator().manual_seed(0))
    assert targets.second is not None
    expected = targets.share * batch + (1 - targets.share) * F.one_hot(targets.second, 6)
    assert torch.allclose(found, expected)
    logits = torch.randn(6, 6)
    soft = F.cross_entropy(logits, found)
    assert training_loss(TARGET, logits, targets, 0.0).item() == pytest.approx(soft.item(), abs=1e-6)


def test_without_mixup_nothing_is_drawn() -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    batch, targets = mixup(torch.ones(2, 3), torch.tensor([0, 1]), 0.0, generator)
    assert torch.equal(batch, torch.ones(2, 3))
    assert targets.second is None
    assert torch.equal(generator.get_state(), before)


def test_a_part_of_mixed_targets_is_that_part_of_both() -> None:
    _, targets = mixup(torch.ones(4, 1), torch.arange(4), 0.5, torch.Generator().manual_seed(1))
    part = targets.part(slice(1, 3))
    assert targets.second is not None
    assert part.second is not None
    assert part.first.tolist() == [1, 2]
    assert part.second.tolist() == targets.second[1:3].tolist()


def test_weights_multiply_each_rows_loss() -> None:
    logits, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([2.0, 0.0, 1.0, 1.0, 0.5, 1.5])
    each = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.1, reduction="none")
    found = training_loss(TARGET, logits, Targets(labels, weights=weights), 0.1)
    torch.testing.assert_close(found, (weights * each).mean())
    part = training_loss(TARGET, logits[2:4], Targets(labels, weights=weights).part(slice(2, 4)), 0.1)
    torch.testing.assert_close(part, each[2:4].mean())


def test_mixed_examples_keep_the_weight_of_each_half() -> None:
    batch, labels, weights = torch.randn(8, 2), torch.arange(8) % 3, torch.rand(8)
    _, targets = mixup(batch, labels, 0.4, torch.Generator().manual_seed(0), weights)
    logits = torch.randn(8, 3)
    assert targets.second is not None
    assert targets.second_weights is not None
    first = training_loss(TARGET, logits, Targets(targets.first, weights=weights), 0.0)
    second = training_loss(TARGET, logits, Targets(targets.second, weights=targets.second_weights), 0.0)
    expected = targets.share * first + (1 - targets.share) * second
    torch.testing.assert_close(training_loss(TARGET, logits, targets, 0.0), expected)
    assert {float(each) for each in targets.second_weights} == {float(each) for each in weights}
