"""Check that a file of results with wrong values is refused by an error of autotl."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from autotl.errors import BenchError
from autotl.leaderboard import read_rows, write_rows
from tests.leaderboard.conftest import a_row

LOGITS = np.zeros((100, 5), np.float32)

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no test images": ({"n_test": 0, "logits": LOGITS[:0]}, "n_test must be at least 1"),
    "no classes": ({"n_classes": 0, "logits": LOGITS[:, :0]}, "n_classes must be at least 1"),
    "settings in a list": ({"params": ["strategy"]}, "params must be a JSON object"),
    "versions in a list": ({"versions": []}, "versions must be a JSON object"),
    "trials without names": ({"trials": (1,)}, "each trial must be a JSON object"),
    "a score in words": ({"trials": ({"val": "high"},)}, "val of a trial must be a finite number"),
    "a score that is no number": ({"trials": ({"val": float("nan")},)}, "val of a trial must be a finite"),
    "a score too large": ({"trials": ({"val": 10**400},)}, "cannot be read"),
    "notes that are numbers": ({"notes": (1,)}, "notes must be texts"),
    "an infinite time": ({"seconds": float("inf")}, "seconds must be finite"),
    "a contribution that is no object": (
        {"contributions": ("x",)},
        "each contribution must be a JSON object",
    ),
    "a gain in words": ({"contributions": ({"gain": "much"},)}, "gain of each contribution must be a finite"),
    "a role that is a number": (
        {"contributions": ({"role": 1},)},
        "role of each contribution must be a text",
    ),
    "an adaptation in a list": ({"adaptation": [1]}, "adaptation must be a JSON object"),
    "an endless true score": ({"adaptation": {"delivered": float("inf")}}, "delivered of adaptation must be"),
    "logits of another size": ({"logits": LOGITS[:3]}, "cannot be read"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_value_is_refused(tmp_path: Path, kind: str) -> None:
    changes, said = WRONG[kind]
    write_rows(tmp_path / "rows.parquet", [a_row(**changes)])
    with pytest.raises(BenchError, match=said):
        read_rows(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("budget_seconds", pa.array(["60"]), "must be of type double"),
        ("entrant", pa.array([None], pa.string()), "entrant must have no nulls"),
        ("params", pa.array(["[" * 100_000]), "cannot be read"),
        ("params", pa.array(["{"]), "cannot be read"),
        ("params", pa.array(['{"a": "\\ud800"}']), "cannot be read"),
    ],
)
def test_a_wrong_column_is_refused(tmp_path: Path, column: str, values: pa.Array, said: str) -> None:
    path = tmp_path / "rows.parquet"
    write_rows(path, [a_row()])
    table = pq.read_table(path)
    place = table.column_names.index(column)
    pq.write_table(table.set_column(place, column, values), path)
    with pytest.raises(BenchError, match=said):
        read_rows(path)


def test_correct_rows_are_read_again(tmp_path: Path) -> None:
    rows = [a_row(logits=LOGITS), a_row("probe", None, n_train=0, n_test=0, n_classes=0)]
    write_rows(tmp_path / "rows.parquet", rows)
    assert [row.seal for row in read_rows(tmp_path / "rows.parquet")] == [row.seal for row in rows]
