"""Hyperparameters of past runs are tried first, if the search space has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType

import optuna
import pytest

from autotl.api import Arm, Params, State
from autotl.search.studies.arm_study import ArmStudy

Study = Callable[..., ArmStudy]


@pytest.fixture
def study(fakes: ModuleType) -> Study:
    storage = optuna.storages.InMemoryStorage()

    def begin(
        *hints: Params, scored: Mapping[int, tuple[State, float | None]] = MappingProxyType({})
    ) -> ArmStudy:
        """Return the study, restored from the same storage if it exists there."""
        return ArmStudy(
            Arm("a", "net"),
            fakes.space_of(fakes.Fake("a")),
            storage=storage,
            seed=0,
            hints=hints,
            scored=scored,
        )

    return begin


def test_hints_come_after_the_default_in_their_order(study: Study) -> None:
    arm = study({"x": 0.25}, {"x": 0.75})
    assert [arm.ask(n, default=n == 0)["x"] for n in range(3)] == [0.5, 0.25, 0.75]


@pytest.mark.parametrize("x", [-1.0, 1.5])
def test_a_hint_outside_the_range_is_skipped(study: Study, x: float) -> None:
    arm = study({"x": x}, {"x": 0.75})
    assert [arm.ask(n, default=n == 0)["x"] for n in range(2)] == [0.5, 0.75]


def test_an_arm_without_a_usable_hint_is_searched(study: Study) -> None:
    arm = study({"x": 7.0})
    assert arm.ask(0, default=True) == {"x": 0.5}
    assert 0 <= arm.ask(1, default=False)["x"] <= 1


def test_a_resumed_study_continues_after_the_hints_it_has_tried(study: Study) -> None:
    hints = ({"x": 7.0}, {"x": 0.25}, {"x": 0.75})
    begun = study(*hints)
    for number in range(2):
        begun.ask(number, default=number == 0)
        begun.tell(number, "complete", 0.5)
    resumed = study(*hints, scored={0: ("complete", 0.5), 1: ("complete", 0.5)})
    assert resumed.ask(2, default=False) == {"x": 0.75}


def test_a_hint_that_was_running_is_not_tried_twice(study: Study) -> None:
    hints = ({"x": 0.25}, {"x": 0.75})
    begun = study(*hints)
    begun.ask(0, default=True)
    begun.tell(0, "complete", 0.5)
    begun.ask(1, default=False)
    resumed = study(*hints, scored={0: ("complete", 0.5)})
    resumed.ask_again(1, {"x": 0.25})
    assert resumed.ask(2, default=False) == {"x": 0.75}
