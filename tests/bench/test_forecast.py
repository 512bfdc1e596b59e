"""The shipped table of forecasts is fitted to the recorded results."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from autotl.forecast import ACCURACY_SCALE, Case

TABLE = Path(__file__).parents[2] / "autotl" / "forecast" / "table.json"


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))
    return lambda name: importlib.import_module(f"benchmarks.forecast.{name}")


def measured(part: Any, data: str, gain: float) -> Any:
    case = Case(500, 8, 0.4, ACCURACY_SCALE.logit(0.7))
    scores = {"linear_probe": 0.7, "finetune": 0.7 + gain, "scratch_small": 0.4}
    return part("measured").Measured("made up", data, case, scores)


def test_each_data_set_is_forecast_from_the_others(part: Any) -> None:
    usual = [measured(part, f"data {number}", 0.1) for number in range(8)]
    found = part("validation").cross_validate([*usual, measured(part, "odd", -0.3)])
    rows = found.rows.set_index(["data", "strategy"])
    assert rows.loc[("data 0", "finetune"), "expected"] == pytest.approx(0.8, abs=0.08)
    assert rows.loc[("odd", "finetune"), "expected"] > 0.7
    assert not rows.loc[("odd", "finetune"), "inside"]
    assert found.firsts.set_index("data").loc["data 0", "named"] == "finetune"
    assert not found.firsts.set_index("data").loc["odd", "won"]


def test_the_probe_is_no_outcome_of_itself(part: Any) -> None:
    names = {each.strategy for each in measured(part, "data", 0.1).observations}
    assert names == {"finetune", "scratch_small"}


def test_the_shipped_table_is_that_of_the_recorded_results(part: Any) -> None:
    pytest.importorskip("pyarrow")
    fitted = part("validation").fitted(part("measured").all_measured())
    command = part("__main__")
    made = command.rounded(importlib.import_module("autotl.forecast").to_document(fitted))
    kept = json.loads(TABLE.read_text(encoding="utf-8"))
    assert kept["features"] == made["features"]
    for name, group in made["groups"].items():
        assert kept["groups"][name]["strategies"] == group["strategies"]
        for each, found in group["coefficients"].items():
            assert kept["groups"][name]["coefficients"][each] == pytest.approx(found, rel=1e-3, abs=1e-6)
