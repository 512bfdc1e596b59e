"""What a trial may cost: the budget is shared by what will run, not by what is installed."""

from __future__ import annotations

from typing import Any

import pytest

from autotl.search.share import share_out
from tests.search import fakes


def shared(*strategies: fakes.Fake, **asked: Any) -> float | None:
    backbones = {"net": fakes.backbone("net"), "net2": fakes.backbone("net2")}
    told: dict[str, Any] = {"left": 100.0, "tests": 5.0} | asked
    named: dict[str, Any] = {each.name: each for each in strategies}
    return share_out(fakes.TASK, named, backbones, fakes.MACHINE, **told).trial_seconds


def test_a_strategy_that_does_not_apply_has_no_share() -> None:
    probe, tune = fakes.Fake("probe"), fakes.Fake("tune")
    nowhere = fakes.Fake("nowhere", applies_to=lambda backbone: False)
    assert shared(probe, tune, nowhere) == shared(probe, tune)
    assert shared(probe, tune) == pytest.approx(0.6 * (100 - 2 * 5) / 2)


def test_a_baseline_that_runs_for_one_of_two_checkpoints_counts_once() -> None:
    probe, scratch = fakes.Fake("probe"), fakes.Fake("scratch", baseline=True)
    assert shared(probe, scratch) == pytest.approx(0.6 * (100 - 2 * 5) / 1.5)


def test_without_a_budget_a_trial_may_cost_what_it_wants() -> None:
    assert shared(fakes.Fake("probe"), left=None) is None


def test_where_tests_take_it_all_nothing_is_left_and_nothing_breaks() -> None:
    assert shared(fakes.Fake("probe"), left=3.0) == 0.0
    nowhere = fakes.Fake("nowhere", applies_to=lambda backbone: False)
    assert (shared(nowhere) or 0.0) > 0
