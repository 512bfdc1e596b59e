"""Check the table of planted faults: its columns, and that each fault has a strategy."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from torch import nn

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


def test_a_row_without_folds_of_other_trials_says_so(part: Part) -> None:
    strategies = part("strategies")
    report = {"trials": [], "verdict": {"strategy": "planted"}, "test": {"value": 1.0}, "how": {"phases": []}}
    row = strategies.columns_of(ended({}, report), ended({("finetune", "{}", 0): 0.5}, report))
    assert row["others"] == strategies.NOT_COMPARED


def test_no_compared_fold_is_an_error(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    strategies = part("strategies")
    report = {"trials": [], "verdict": {"strategy": "planted"}, "test": {"value": 1.0}, "how": {"phases": []}}
    monkeypatch.setattr(strategies, "run", lambda *_, **__: ended({}, report))
    monkeypatch.setattr(sys, "argv", ["strategies", "--faults", "NaN"])
    with pytest.raises(SystemExit, match=r"can be compared: NaN\."):
        strategies.main()


def test_a_run_that_does_not_end_is_killed_with_its_children(part: Part) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    started = time.monotonic()
    ended_with, error = part("strategies").ended_within(1.0, [sys.executable, "-c", code], os.environ)
    assert time.monotonic() - started < 30
    assert (ended_with, error) == (-signal.SIGKILL, " It was killed after 1 s.")


def test_the_second_network_is_the_first_with_nan(part: Part) -> None:
    networks = [nn.Linear(1, 1) for _ in range(3)]
    steps = ["beat", networks[0], "beat", "beat", networks[1], networks[2]]
    learner = SimpleNamespace(
        scores=lambda: steps, size=1, bench=SimpleNamespace(score=lambda network, **_: network)
    )
    assert list(part("planted").not_a_number(learner)) == steps
    assert [bool(network.weight.isnan().any()) for network in networks] == [False, True, True]


def test_the_plugin_offers_a_strategy_with_the_fault(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = part("planted")
    monkeypatch.setenv(planted.VARIABLE, planted.FAULTS[0])
    (found,) = planted.autotl_strategies()
    assert isinstance(found, Strategy)
    assert found.fault in planted.STEPS
