"""The moving average of weights."""

from __future__ import annotations

import torch
from torch import nn

from autotl.training.update.weight_average import WeightAverage


def test_it_moves_towards_the_weights_and_swaps_back() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    first = model[0].weight.detach().clone()
    average = WeightAverage(model, 0.5)
    with torch.no_grad():
        model[0].weight.add_(1.0)
        model[1].running_mean.add_(2.0)
    average.update()
    average.swap()
    decay = 2 / 11  # of the first step
    assert torch.allclose(model[0].weight, first + 1 - decay)
    assert torch.allclose(model[1].running_mean, torch.full((2,), 2 * (1 - decay)))
    average.swap()
    assert torch.allclose(model[0].weight, first + 1)


def test_frozen_parameters_are_left_out() -> None:
    model = nn.Linear(2, 2).requires_grad_(False)
    average = WeightAverage(model, 0.5)
    average.update()
    average.swap()
    assert average._own == []
