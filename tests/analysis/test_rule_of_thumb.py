from __future__ import annotations

import pytest

from autotl.analysis.rule_of_thumb import rule_of_thumb
from autotl.api import Task
from autotl.testing import tiny_task


def task(rows: int) -> Task:
    return tiny_task({"a": rows, "b": rows}, typical_size=32)


@pytest.mark.parametrize(
    ("rows", "likeness", "strategy", "freezes"),
    [
        (50, 0.9, "linear_probe", True),
        (50, 0.1, "finetune", True),
        (5000, 0.9, "finetune", False),
        (5000, 0.1, "finetune", False),
        (50, None, "linear_probe", None),
        (5000, None, "finetune", None),
    ],
)
def test_size_and_likeness_name_a_strategy(
    rows: int, likeness: float | None, strategy: str, freezes: bool | None
) -> None:
    said = rule_of_thumb(task(rows), likeness)
    assert (said.strategy, said.freezes) == (strategy, freezes)
    assert ("unknown" in said.sentence) == (likeness is None)
