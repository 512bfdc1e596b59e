"""The file of rows: one for each run, appended as it ends."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from autotl.leaderboard import Row
from benchmarks.arms.plan import Cell, Key

COLUMNS = (
    "dataset", "shots", "strategy", "seed", "budget", "backbone", "status", "test", "val", "seconds",
    "trials", "n_train", "n_test", "n_classes", "likeness", "version", "threads", "device", "machine",
    "error",
)  # fmt: skip
ERROR_CHARACTERS = 200


def row_of(measured: Row, cell: Cell) -> dict[str, Any]:
    """Return the columns of a measurement."""
    error = measured.error.strip().splitlines()[-1:]
    numbers = {name: getattr(measured, name) for name in ("test", "val", "likeness")}
    return {
        "dataset": cell.dataset,
        "shots": cell.shots,
        "strategy": cell.strategy,
        "seed": cell.seed,
        "budget": cell.seconds,
        "backbone": measured.backbone,
        "status": measured.status,
        **{name: None if value is None else round(value, 4) for name, value in numbers.items()},
        "seconds": round(measured.seconds, 1),
        "trials": len(measured.trials),
        **{name: getattr(measured, name) for name in ("n_train", "n_test", "n_classes")},
        **{name: getattr(measured, name) for name in ("version", "threads", "device", "machine")},
        "error": "".join(error)[:ERROR_CHARACTERS],
    }


def append(path: Path, row: dict[str, Any]) -> None:
    """Append a row to a file, which gets its header with the first row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def known(path: Path, *, retry_failed: bool = False) -> set[Key]:
    """Return the keys of a file's rows.

    Args:
        path: The file; it may be missing.
        retry_failed: Whether failed rows count as missing.
    """
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        return {
            (
                row["dataset"],
                int(row["shots"]),
                row["strategy"],
                int(row["seed"]),
                float(row["budget"]),
                row["backbone"],
            )
            for row in csv.DictReader(file)
            if not (retry_failed and row["status"] == "failed")
        }
