"""Predicted training times, and the epochs that fit into a trial."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotl.training import affordable_epochs, training_seconds
from tests.support import fakes

NET = fakes.backbone()
TASK = fakes.TASK


def seconds(
    trained: float, *, views: int, input_size: int = NET.input_size, kept: tuple[float, ...] = ()
) -> float:
    net = replace(NET, kept=kept)
    return training_seconds(TASK, net, input_size=input_size, trained=trained, epochs=4, views=views)


def test_frozen_layers_run_once_for_each_view_and_trained_ones_in_each_epoch() -> None:
    one_pass = 0.5 * NET.pace.seconds(TASK.train_rows, input_size=NET.input_size)
    assert seconds(0.5, views=3) - seconds(0.5, views=1) == pytest.approx(2 * one_pass)


def test_cached_stages_cost_no_pass() -> None:
    one_pass = 0.5 * NET.pace.seconds(TASK.train_rows, input_size=NET.input_size)
    assert seconds(0.5, views=1) - seconds(0.5, views=1, kept=(0.5, 0.75)) == pytest.approx(one_pass)


def test_stages_between_a_cached_one_and_the_cut_cost_a_pass() -> None:
    whole = NET.pace.seconds(TASK.train_rows, input_size=NET.input_size)
    assert seconds(0.125, views=1) - seconds(0.125, views=1, kept=(0.5,)) == pytest.approx(0.5 * whole)
    assert seconds(0.125, views=1) - seconds(0.125, views=1, kept=(0.5, 0.75)) == pytest.approx(0.75 * whole)


@pytest.mark.parametrize(("trained", "views"), [(1.0, 0), (1.0, 1), (0.5, 0), (0.5, 1)])
def test_less_backward_arithmetic_saves_nothing_of_the_forward_pass(trained: float, views: int) -> None:
    def cost(backward: float) -> float:
        return training_seconds(
            TASK, NET, input_size=64, trained=trained, epochs=4, views=views, backward=backward
        )

    images = 4 * 0.8 * TASK.train_rows
    forward = NET.pace.seconds(images, input_size=64)
    saved = 0.45 * trained * (NET.pace.seconds(images, input_size=64, trained=1.0) - forward)
    assert saved > 0
    assert cost(1.0) - cost(0.55) == pytest.approx(saved)


@pytest.mark.parametrize(
    "asked", [{"trained": 0.75}, {"trained": 0.5, "views": 3}, {"trained": 0.5, "input_size": 32}]
)
def test_cached_stages_do_not_help_earlier_layers_other_views_or_sizes(asked: dict[str, float]) -> None:
    usual = {"views": 1} | asked
    assert seconds(**usual, kept=(0.5,)) == seconds(**usual)  # type: ignore[arg-type]


def test_a_trial_on_several_folds_has_its_seconds_for_all_of_them() -> None:
    def epochs(trial_seconds: float, folds: int) -> int:
        task = replace(TASK, trial_seconds=trial_seconds, folds=folds)
        return affordable_epochs(task, NET, input_size=NET.input_size, trained=1.0, wanted=1000)

    assert epochs(60.0, 3) == epochs(20.0, 1) < epochs(60.0, 1)
