"""Check that reference searches run in a benchmark and give rows that pass the check."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotl import bench
from autotl.bench.entry import SELECTORS, entrants
from autotl.bench.joint import ALGORITHMS
from autotl.data import usable_cores
from autotl.leaderboard import read_rows


def test_every_selector_has_a_search() -> None:
    assert set(ALGORITHMS) == set(SELECTORS)


def test_the_suite_selection_contains_them() -> None:
    suite = bench.load("selection")
    found = {each.name: each.kind for each in entrants(suite, ["a"])}
    assert found == {
        "a": "strategy", "a@default": "default", "random_search": "selector", "plain_optuna": "selector",
        "autotl": "autotl",
    }  # fmt: skip


TINY = """
budgets = ["2s"]
shots = [10]
strategies = []
autotl = false
selectors = ["random_search", "plain_optuna"]
[[dataset]]
name = "digits"
image_size = 32
generator = "digits"
test_cap = 20
[[backbone]]
name = "tiny"
"""


@pytest.mark.slow
def test_both_give_rows_that_pass_the_check(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(TINY, encoding="utf-8")
    plan = bench.BenchPlan(bench.load(path), tmp_path / "out", workers=min(2, usable_cores()))
    rows = read_rows(bench.run(plan, lambda _: None))
    assert {(row.entrant, row.kind, row.status) for row in rows} == {
        (name, "selector", "ok") for name in SELECTORS
    }
    for row in rows:
        assert row.chosen is not None
        assert row.trials[row.chosen]["val"] == row.val == max(each["val"] for each in row.trials)
        assert all(each["folds"] == 1 for each in row.trials)
    assert bench.true_labels([tmp_path / "out/results.parquet"]).keys() >= {row.split for row in rows}
