"""What past runs chose is tried first, as far as it is a choice here."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import optuna
import pytest

from autotl.api import Arm
from autotl.search.study import ArmStudy

Study = Callable[..., ArmStudy]


@pytest.fixture
def study(fakes: ModuleType) -> Study:
    return lambda *hints: ArmStudy(
        Arm("a", "net"),
        fakes.Fake("a"),
        fakes.TASK,
        fakes.backbone(),
        storage=optuna.storages.InMemoryStorage(),
        seed=0,
        hints=hints,
    )


def test_hints_come_after_the_default_in_their_order(study: Study) -> None:
    arm = study({"x": 0.25}, {"x": 0.75})
    assert [arm.ask(n, default=n == 0)["x"] for n in range(3)] == [0.5, 0.25, 0.75]


@pytest.mark.parametrize("x", [-1.0, 1.5])
def test_a_hint_beyond_the_range_is_passed_over_for_the_next(study: Study, x: float) -> None:
    arm = study({"x": x}, {"x": 0.75})
    assert [arm.ask(n, default=n == 0)["x"] for n in range(2)] == [0.5, 0.75]


def test_without_a_hint_that_can_be_tried_the_arm_is_searched(study: Study) -> None:
    arm = study({"x": 7.0})
    assert arm.ask(0, default=True) == {"x": 0.5}
    assert 0 <= arm.ask(1, default=False)["x"] <= 1
