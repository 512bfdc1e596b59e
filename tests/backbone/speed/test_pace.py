"""The pace of a network is measured, on a clock that the network moves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autotl.backbone.speed.pace import BATCH_SIZE, MAX_FIRST_SECONDS, TRAINING_COST, pace_of
from autotl.clock import Deadline, FakeClock


class Timed(nn.Module):
    """Takes so many seconds for its calls in turn, forward and in training."""

    def __init__(self, clock: FakeClock, forward: list[float], training: list[float]) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 1)
        self.clock, self.took = clock, {False: forward, True: training}

    def forward(self, x: Tensor) -> Tensor:
        self.clock.advance(self.took[self.training].pop(0))
        return self.layer(x)


def test_the_first_call_does_not_count_and_the_median_of_the_others_does() -> None:
    clock = FakeClock()
    found = pace_of(Timed(clock, [0.9, 0.2, 0.1, 0.4], [2.0, 0.5, 0.8]), input_size=8, clock=clock)
    assert found.input_size == 8
    assert found.forward == pytest.approx(BATCH_SIZE / 0.2)
    assert found.training == pytest.approx(BATCH_SIZE / 0.5)


def test_a_single_delay_does_not_make_a_network_slow() -> None:
    clock = FakeClock()
    delayed = [0.1, 0.1, 2.5, 0.1]
    found = pace_of(Timed(clock, [*delayed], [*delayed]), input_size=8, clock=clock)
    assert [found.forward, found.training] == pytest.approx([BATCH_SIZE / 0.1] * 2)


def test_a_network_that_is_very_slow_is_called_once() -> None:
    clock = FakeClock()
    found = pace_of(Timed(clock, [MAX_FIRST_SECONDS + 1], [MAX_FIRST_SECONDS + 5]), input_size=8, clock=clock)
    assert (found.forward, found.training) == (
        pytest.approx(BATCH_SIZE / (MAX_FIRST_SECONDS + 1)),
        pytest.approx(BATCH_SIZE / (MAX_FIRST_SECONDS + 5)),
    )


def test_measuring_ends_at_the_deadline_and_training_is_estimated() -> None:
    clock = FakeClock()
    found = pace_of(Timed(clock, [1.5], []), input_size=8, clock=clock, end=Deadline(clock, at=1.0))
    assert clock.now() == 1.5
    assert found.forward == pytest.approx(BATCH_SIZE / 1.5)
    assert found.training == pytest.approx(BATCH_SIZE / 1.5 / TRAINING_COST)


def test_the_network_keeps_no_gradients() -> None:
    clock = FakeClock()
    model = Timed(clock, [0.1] * 4, [0.1] * 4)
    pace_of(model, input_size=8, clock=clock)
    assert not model.training
    assert all(value.grad is None for value in model.parameters())
    assert torch.isfinite(model.layer.weight).all()
