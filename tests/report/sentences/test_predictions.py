from __future__ import annotations

from typing import Any

import pytest

from autotl.report import parse
from autotl.report.sections import when


def test_a_disagreeing_rule_of_thumb_is_named(sample: dict[str, Any]) -> None:
    sample["when"]["rule_agreed"] = False
    sample["when"]["rule_of_thumb"]["advice"] = "linear_probe"
    sentences = when.section(parse(sample)).sentences
    assert any("disagrees with the rule of thumb: `linear_probe`" in sentence for sentence in sentences)


@pytest.mark.parametrize(("frozen", "words"), [([], "no frozen stage"), (["features.0"], "frozen stages")])
def test_agreeing_on_the_strategy_alone_is_no_agreement(
    sample: dict[str, Any], frozen: list[str], words: str
) -> None:
    sample["when"]["rule_agreed"] = False
    sample["what"]["frozen_stages"] = frozen
    [found] = [each for each in when.section(parse(sample)).sentences if "result agrees" in each]
    assert f"on `finetune` but not on freezing: the best model has {words}." in found


def test_a_past_prediction_is_compared_with_the_result(sample: dict[str, Any]) -> None:
    facts = {"evidence": "In 2 past runs, finetune won 2.", "predicted": "finetune", "probability": 0.75}
    for agreed, end in ((True, "and it won."), (False, "but another strategy scored higher.")):
        sample["when"]["experience"] = facts | {"agreed": agreed}
        [found] = [each for each in when.section(parse(sample)).sentences if "past runs" in each]
        assert found.endswith(f"`finetune` (probability 75.0%), {end}")
