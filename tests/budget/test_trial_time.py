"""The time per trial: strategies that do not run have no part of it."""

from __future__ import annotations

from typing import Any

import pytest

from autotl.api import Backbone, Params, Task, Weights
from autotl.budget.policy import POLICY
from autotl.budget.trial_time import EPOCHS, with_trial_time
from autotl.training import epoch_seconds
from tests.support import fakes

TWO = {"net": fakes.backbone("net"), "net2": fakes.backbone("net2")}
ONE = {"net": fakes.backbone("net")}


def shared(*strategies: fakes.Fake, **asked: Any) -> float | None:
    return make_task(*strategies, **asked).trial_seconds


def make_task(*strategies: fakes.Fake, **asked: Any) -> Task:
    told: dict[str, Any] = {"left": 100.0, "tests": 5.0, "validated": 100, "folds": 5, "backbones": TWO}
    told |= asked
    named: dict[str, Any] = {each.name: each for each in strategies}
    backbones = told.pop("backbones")
    return with_trial_time(fakes.TASK, named, backbones, fakes.MACHINE, **told)


def test_a_strategy_that_does_not_apply_has_no_time() -> None:
    probe, tune = fakes.Fake("probe"), fakes.Fake("tune")
    nowhere = fakes.Fake("nowhere", applies_to=lambda backbone: False)
    assert shared(probe, tune, nowhere) == shared(probe, tune)
    assert shared(probe, tune) == pytest.approx(0.6 * (100 - 2 * 5) / 2)


def test_a_baseline_that_runs_for_one_of_two_checkpoints_counts_once() -> None:
    probe, scratch = fakes.Fake("probe"), fakes.Fake("scratch", baseline=True)
    assert shared(probe, scratch) == pytest.approx(0.6 * (100 - 2 * 5) / 1.5)


class Bringer(fakes.Fake):
    """A baseline that brings its network."""

    def networks(self, task: Task) -> list[Weights]:
        return []


class Looked(Bringer):
    """A strategy with its own network and a first look."""

    def look(self, task: Task, backbone: Backbone) -> Params:
        return {"x": 0.5}


def test_a_strategy_with_its_own_network_has_time_only_with_a_first_look() -> None:
    probe, tune, plain = fakes.Fake("probe"), fakes.Fake("tune"), fakes.Fake("plain")
    brought, looked = Bringer("own", baseline=True), Looked("own", baseline=True)
    assert shared(probe, tune, brought, backbones=ONE) == shared(probe, tune, backbones=ONE)
    alone = shared(probe, tune, backbones=ONE)
    three = shared(probe, tune, plain, backbones=ONE)
    assert alone is not None
    assert three is not None
    assert three < shared(probe, tune, looked, backbones=ONE) < alone  # type: ignore[operator]


@pytest.mark.parametrize(("validated", "folds"), [(20, 5), (49, 2), (80, 1), (400, 1)])
def test_a_trial_with_few_validation_images_is_planned_for_several_folds(validated: int, folds: int) -> None:
    found = make_task(fakes.Fake("tune"), backbones=ONE, validated=validated, left=1000.0)
    assert found.folds == folds
    assert found.trial_seconds == shared(fakes.Fake("tune"), backbones=ONE, left=1000.0)


@pytest.mark.parametrize("times", [0.5, 2.5, 3.5])
def test_each_planned_fold_has_time_for_some_epochs(times: float) -> None:
    once = EPOCHS * epoch_seconds(fakes.TASK, ONE["net"], input_size=min(ONE["net"].input_sizes), trained=1.0)
    left = 5.0 + times * once / POLICY.defaults
    found = make_task(fakes.Fake("tune"), backbones=ONE, validated=20, left=left)
    assert found.folds == max(1, int(times))


def test_a_trial_has_no_limit_without_a_budget() -> None:
    assert shared(fakes.Fake("probe"), left=None) is None


def test_tests_that_take_all_time_leave_none_for_trials() -> None:
    assert shared(fakes.Fake("probe"), left=3.0) == 0.0
    nowhere = fakes.Fake("nowhere", applies_to=lambda backbone: False)
    assert (shared(nowhere) or 0.0) > 0
