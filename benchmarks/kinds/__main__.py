"""Measure what images besides the labelled ones contribute, with against without.

    python -m benchmarks.kinds ZIPS --out benchmarks/results/kinds.csv --seeds 0 1 2

Each case, budget and seed is run by the command line and gives a row: the best trial with the other images,
the best without them, and the gain with its interval. Nothing else may run on the machine. Rows are appended
after each run, and known rows are not run again.
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
from typing import Any

import pandas as pd

from benchmarks.kinds.cases import CASES, Case, images_of

KEY = ["case", "budget", "seed"]


def main(arguments: list[str] | None = None) -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zips", type=Path, help="the folder of the zips")
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--budgets", nargs="+", type=float, default=[120.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--backbone", default="efficientnet_lite0", help="a name, or a folder of weights")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    chosen = [case for case in CASES if case.name in given.cases]
    with tempfile.TemporaryDirectory(prefix="kinds-") as folder:
        for seed, budget, case in itertools.product(given.seeds, given.budgets, chosen):
            key = dict(zip(KEY, (case.name, budget, seed), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            try:
                rows.append(key | run(case, given, Path(folder), budget=budget, seed=seed))
            except subprocess.CalledProcessError as error:
                print(f"{key}: {error}", file=sys.stderr)
                continue
            pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
            print(rows[-1]["sentence"], flush=True)
    print(pd.DataFrame(rows).drop(columns="sentence", errors="ignore").round(3).to_string(index=False))


def run(case: Case, given: argparse.Namespace, folder: Path, *, budget: float, seed: int) -> dict[str, Any]:
    """Run ``autotl fit`` once, and return the columns of its row.

    Args:
        case: The case.
        given: The zips and the backbone.
        folder: Folder for the files of the run.
        budget: The budget in seconds.
        seed: The seed.
    """
    table, other = images_of(case, given.zips, folder, seed=seed)
    file, out = folder / "table.csv", folder / f"run-{time.monotonic_ns()}"
    table.to_csv(file, index=False)
    command = [sys.executable, "-m", "autotl", "fit", str(file), f"--{case.role}", str(other)]
    command += ["--budget", f"{budget}s", "--seed", str(seed), "--backbone", str(given.backbone)]
    started = time.monotonic()
    subprocess.run([*command, "--no-experience", "--quiet", "--out", str(out)], check=True)
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return columns_of(report, case.role) | {"wall_seconds": time.monotonic() - started}


def columns_of(report: Mapping[str, Any], role: str) -> dict[str, Any]:
    """Return the columns of a row from a report."""
    found = next(each for each in report["contributions"] if each["role"] == role)
    gain = found["gain"] or {"value": None, "ci95": (None, None), "p": None}
    tests = {arm["strategy"]: arm["test"] for arm in report["arms"]}
    return {
        "role": role,
        "n_train": report["when"]["n_train"],
        "n_test": report["test"]["n"],
        "images": found["images"],
        "used": found["used"],
        "left_out": found["left_out"],
        "strategy": found["strategy"],
        "with_test": tests.get(found["strategy"]),
        "compared_with": found["compared_with"],
        "without_test": tests.get(found["compared_with"]),
        "gain": gain["value"],
        "low": gain["ci95"][0],
        "high": gain["ci95"][1],
        "p": gain["p"],
        "answer": found["answer"],
        "chosen": report["verdict"]["strategy"],
        "test": report["test"]["value"],
        "backbone": report["verdict"]["backbone"],
        "trials": report["search"]["trials"],
        "sentence": found["sentence"],
    }


if __name__ == "__main__":
    main()
