"""Check the table of planted faults: its columns, and that each fault has a strategy."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Strategy

ROOT = Path(__file__).parents[2]
Part = Callable[[str], ModuleType]


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Part:
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.faults.{name}")


def ended(scores: dict[tuple[str, str, int], float], report: dict[str, Any] | None) -> dict[str, Any]:
    return {"exit": 0, "error": "Error: it broke", "report": report, "scores": scores, "seconds": 3.4}


def test_a_row_has_the_reason_and_compares_the_folds_of_other_trials(part: Part) -> None:
    trials = [
        {"strategy": "planted", "state": "failed", "why": "TrainingError: no"},
        {"strategy": "finetune", "state": "complete", "why": ""},
    ]
    report = {
        "trials": trials,
        "verdict": {"strategy": "finetune"},
        "test": {"value": 0.75},
        "how": {"phases": []},
    }
    without = {("finetune", "{}", 0): 0.5, ("finetune", "{}", 1): 0.6}
    row = part("strategies").columns_of(
        ended({("finetune", "{}", 0): 0.5, ("finetune", "{}", 1): 0.7}, report), ended(without, report)
    )
    assert (row["trials"], row["reason"], row["delivered"]) == ("1 failed", "TrainingError: no", "finetune")
    assert row["others"] == "1 of 2 equal"


def test_a_run_without_a_report_shows_its_error(part: Part) -> None:
    row = part("strategies").columns_of(ended({}, None), ended({}, None))
    assert (row["reason"], row["delivered"]) == ("Error: it broke", "–")
    assert {*row} | {"fault"} == {*part("strategies").COLUMNS}


def test_the_plugin_offers_a_strategy_with_the_fault(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = part("planted")
    monkeypatch.setenv(planted.VARIABLE, planted.FAULTS[0])
    (found,) = planted.autotl_strategies()
    assert isinstance(found, Strategy)
    assert found.fault in planted.STEPS
