from __future__ import annotations

import pytest

from autotl.report import story
from autotl.report.rule import came_true


@pytest.mark.parametrize(
    ("freezes", "winner", "froze", "true"),
    [
        (True, "finetune", True, True),
        (True, "finetune", False, False),
        (False, "finetune", True, False),
        (None, "finetune", True, True),
        (True, "linear_probe", True, False),
    ],
)
def test_the_rule_comes_true_in_strategy_and_freezing(
    freezes: bool | None, winner: str, froze: bool, true: bool
) -> None:
    rule = {"advice": "finetune", "freezes": freezes}
    assert came_true(rule, tried={"finetune", winner}, winner=winner, froze=froze) is true


def test_a_rule_whose_strategy_was_not_tried_is_not_judged() -> None:
    assert came_true({"advice": "finetune"}, tried={"direct"}, winner="direct", froze=True) is None


def test_a_disagreeing_rule_of_thumb_is_told(sample):
    sample["when"]["rule_agreed"] = False
    sample["when"]["rule_of_thumb"]["advice"] = "linear_probe"
    assert any("measurement disagrees" in sentence for sentence in story.when(sample))


@pytest.mark.parametrize(("frozen", "words"), [([], "nothing frozen"), (["features.0"], "stages frozen")])
def test_agreeing_on_the_strategy_alone_is_no_agreement(sample, frozen, words):
    sample["when"]["rule_agreed"] = False
    sample["what"]["frozen_stages"] = frozen
    told = [sentence for sentence in story.when(sample) if "measurement agrees" in sentence]
    assert len(told) == 1
    assert f"agrees on `finetune` but not on how deep: with {words}" in told[0]
