"""Faults that are planted in an honest strategy: the kit names the cause of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotl.pipeline.prepare import Prepared
from autotl.testing import CheckFailed, StrategyChecks, check_strategy, tiny_run
from autotl.testing.strategies.case import case_of
from autotl.testing.strategies.checks import CHECKS, find_failures
from tests.testing.honest import LEAK, Honest

FAULTS = {
    "no reason": ("applies", "must give its reason"),
    "a tuple": ("settings", "numbers, texts and booleans"),
    "keys differ": ("settings", "the same keys"),
    "random suggestions": ("suggestions", "The same answers must give the same settings"),
    "choices that change": ("suggestions", "must not depend on other answers"),
    "no cost": ("cost", "must be a finite number"),
    "cost times 1000": ("cost", "within a factor of"),
    "cost over 100": ("cost", "within a factor of"),
    "permuted labels": ("learns", "classes in another order"),
    "raw images": ("learns", "not normalised"),
    "falling progress": ("progress", "Progress must not fall"),
    "no score at the end": ("progress", "The last step must be a score"),
    "silent for an epoch": ("silence", "after every batch or two"),
    "swallows the close": ("close", "must end when it is closed"),
    "random order": ("repeatable", "The same seed must give the same network"),
    "ignores the seed": ("seed", "Another seed must give another network"),
    "keeps the first epoch": ("refit", "the network of its last epoch"),
    "unfreezes a layer": ("frozen", "keep the source's weights"),
    "moves statistics": ("frozen", "must keep its statistics"),
    "another size": ("input_size", "the image size of its settings"),
    "ignores weights": ("weights", "Rows must count by bench.weights()"),
    "leaks memory": ("memory", "must free its memory"),
    "reaches for test rows": ("test_rows", "must not be opened before the final evaluation"),
    "NaN": ("learns", "weights must be finite"),
    "not a stock network": ("learns", "must have the tensors of timm's"),
    "one-hot labels": ("learns", "the score that the workbench has just made"),
    "one class each": ("targets", "that applies to multi_label must learn it"),
    "a stale score": ("learns", "the score that the workbench has just made"),
}
"""The check that must fail, and a part of its message, for each fault."""


class TestHonest(StrategyChecks):
    strategy = Honest()


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found_and_named(fault: str, ready: Prepared) -> None:
    check, part = FAULTS[fault]
    found = find_failures(case_of(Honest(fault), ready), only=[check])
    LEAK.clear()
    assert [each.check for each in found] == [check]
    assert part in found[0].message


def test_an_expected_failure_has_a_reason() -> None:
    (found,) = check_strategy(
        Honest("ignores weights"), expected_failures={"weights": "the loss has none"}, only=["weights"]
    )
    assert found.expected == "the loss has none"


def test_all_failures_are_told_at_once() -> None:
    with pytest.raises(CheckFailed, match=r"(?s)fails 1 checks:\napplies: applies must give its reason"):
        check_strategy(Honest("no reason"), only=["applies", "settings"])


def test_each_check_has_a_planted_fault() -> None:
    free = {"contract", "own_networks", "first_look", "resume"}
    assert {check for check, _ in FAULTS.values()} | free == {*CHECKS}


def test_a_learning_is_shared_by_the_checks(ready: Prepared, tmp_path: Path) -> None:
    case = case_of(Honest(), ready)
    assert case.usual is case.usual
