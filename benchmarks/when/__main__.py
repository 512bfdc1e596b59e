"""Measure the gain of transfer over training from scratch, by the number of images and their likeness.

    python -m benchmarks.when DATA.zip … --out when.csv --per-class 5 20 100 0 --budgets 60 300

Each data set, number of training images per class (0: all), budget and seed is run by the command line and
gives a
row: the best arm with transfer, the best baseline, and the gain with its interval. Nothing else may run on
the machine. Rows are appended after each run, and known rows are not run again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
from tqdm import tqdm

from benchmarks.when.subset import extract, table_of

KEY = ["data", "per_class", "budget", "seed"]
BASELINES = ("scratch_small", "pixels", "from_scratch")


def main() -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--per-class", nargs="+", type=int, default=[5, 20, 100, 0])
    parser.add_argument("--budgets", nargs="+", type=float, default=[60.0, 300.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--backbone", nargs="+", default=[], help="folders or names for every run")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    planned = itertools.product(given.seeds, given.budgets, given.per_class, given.data)
    with tempfile.TemporaryDirectory(prefix="when-") as folder:
        for seed, budget, per_class, data in tqdm(list(planned)):
            key = dict(zip(KEY, (data.stem, per_class, budget, seed), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            try:
                table = table_of(extract(data, Path(folder)), per_class=per_class or None, seed=seed)
            except ValueError as error:
                print(error, file=sys.stderr)
                continue
            try:
                rows.append(key | run(table, Path(folder), given.backbone, budget=budget, seed=seed))
            except subprocess.CalledProcessError as error:
                print(f"{key}: {error}", file=sys.stderr)
                continue
            pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def run(
    table: pd.DataFrame, folder: Path, backbones: list[str], *, budget: float, seed: int
) -> dict[str, Any]:
    """Run ``autotl fit`` once, and return the columns of its row.

    Args:
        table: The data set, as created by :func:`subset.table_of`.
        folder: Folder for the files of the run.
        backbones: Folders or names of backbones.
        budget: The budget in seconds.
        seed: The seed.
    """
    file, out = folder / "table.csv", folder / f"run-{time.monotonic_ns()}"
    table.to_csv(file, index=False)
    command = [sys.executable, "-m", "autotl", "fit", str(file)]
    command += ["--budget", f"{budget}s", "--seed", str(seed)]
    command += [word for name in backbones for word in ("--backbone", name)]
    started = time.monotonic()
    # the shipped experience includes these data sets
    subprocess.run([*command, "--no-experience", "--quiet", "--out", str(out)], check=True)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return columns_of(report) | {"wall_seconds": time.monotonic() - started}


def columns_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row from a report; columns of arms without a score are None."""
    when = report["when"]
    gain, plateau = when["transfer_gain"] or {}, when["plateau"] or {}
    low, high = gain.get("ci95") or (None, None)
    plateau_low, plateau_high = plateau.get("gain_ci95") or (None, None)
    scored = [arm for arm in report["arms"] if arm["test"] is not None]
    ours, theirs = (
        max((arm for arm in scored if (arm["strategy"] in BASELINES) == scratch), key=_score, default=None)
        for scratch in (False, True)
    )
    measured = when["similarity"].get(ours["backbone"] if ours else "", {})
    likeness = [each["calibrated"] for each in measured.values()]
    return {
        "n_train": when["n_train"],
        "n_test": report["test"]["n"],
        "classes": when["n_classes"],
        "likeness": median(likeness) if likeness else None,
        "chosen": report["verdict"]["strategy"],
        "test": report["test"]["value"],
        "verdict": report["verdict"]["transfer"],
        "transfer": ours and ours["strategy"],
        "transfer_test": ours and ours["test"],
        "scratch": theirs and theirs["strategy"],
        "scratch_test": theirs and theirs["test"],
        "gain": gain.get("value"),
        "low": low,
        "high": high,
        "plateau_low": plateau_low,
        "plateau_high": plateau_high,
        "arms": " ".join(f"{arm['strategy']}:{arm['test']:.3f}:{arm['seconds']:.0f}s" for arm in scored),
        "optimism": report["search"]["optimism"],
        "backbone": report["verdict"]["backbone"],
    }


def _score(arm: Mapping[str, Any]) -> float:
    """Return the validation score of an arm, by which the verdict selects arms."""
    return float(arm["best_val"])


if __name__ == "__main__":
    main()
