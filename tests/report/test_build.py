"""The rule of thumb agrees with a result only in strategy and freezing."""

from __future__ import annotations

import pytest

from autotl.report.build import rule_agreed


@pytest.mark.parametrize(
    ("freezes", "winner", "frozen", "agreed"),
    [
        (True, "finetune", True, True),
        (True, "finetune", False, False),
        (False, "finetune", True, False),
        (None, "finetune", True, True),
        (True, "linear_probe", True, False),
    ],
)
def test_a_rule_agrees_in_strategy_and_freezing(
    freezes: bool | None, winner: str, frozen: bool, agreed: bool
) -> None:
    rule = {"advice": "finetune", "freezes": freezes}
    assert rule_agreed(rule, tried={"finetune", winner}, winner=winner, frozen=frozen) is agreed


def test_a_rule_whose_strategy_was_not_tried_is_not_judged() -> None:
    assert rule_agreed({"advice": "finetune"}, tried={"direct"}, winner="direct", frozen=True) is None
