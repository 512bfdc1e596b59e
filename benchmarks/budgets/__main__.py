"""Measure accuracy over time, and the wall time of a run against its budget.

    python -m benchmarks.budgets --backbone FOLDER --budgets 20 60 120 300 --out budgets.csv DATA.zip …
    python -m benchmarks.budgets --backbone FOLDER --slow --budgets 20 60 --out slow.csv hymenoptera.zip
    python -m benchmarks.budgets --under-load 0 1 2 --budgets 20 60 --out load.csv DATA.zip …

Each data set, budget and seed is run by the command line and gives a row: test accuracy, chosen strategy, and
seconds from the start of the process to its end. ``late_by`` is the time beyond 105 % of the budget plus five
seconds; it should not be above zero.

``--strategies`` limits the search. ``--slow`` adds a strategy that sleeps for three seconds at each step.
``--under-load`` runs this number of programs that use one core each (``busy``); nothing else may run on the
machine. Without ``--backbone``, autotl chooses. Rows are appended after each run, and known rows are not run
again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from benchmarks.budgets.busy import busy_loops
from benchmarks.installed import with_plugin

KEY = ["data", "sources", "strategies", "budget", "seed", "busy"]


def main() -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", nargs="+", default=[], help="folders or names for every run")
    parser.add_argument("--budgets", nargs="+", type=float, default=[20.0, 60.0, 120.0, 300.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--strategies", nargs="*", default=[])
    parser.add_argument("--slow", action="store_true", help="add a strategy that sleeps at each step")
    parser.add_argument("--under-load", nargs="+", type=int, default=[0], help="numbers of busy programs")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = read(given.out)
    sources = " + ".join(Path(each).name for each in given.backbone) or "auto"
    strategies = " + ".join(given.strategies) or ("all and slow" if given.slow else "all")
    with tempfile.TemporaryDirectory() as folder:
        environment = with_plugin(Path(folder), "benchmarks.budgets.slow") if given.slow else dict(os.environ)
        planned = itertools.product(given.budgets, given.data, given.seeds, given.under_load)
        for budget, data, seed, busy in tqdm(list(planned)):
            key = dict(zip(KEY, (data.stem, sources, strategies, budget, seed, busy), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            arguments = ["--budget", f"{budget}s", "--seed", str(seed)]
            for option, values in (("--backbone", given.backbone), ("--strategy", given.strategies)):
                arguments += [word for value in values for word in (option, value)]
            with busy_loops(busy):
                rows.append(key | run(data, arguments, environment, budget=budget))
            pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def read(file: Path) -> list[dict[str, Any]]:
    """Read the rows of a file; older rows have no column ``busy`` and ran without load."""
    if not file.exists():
        return []
    found: list[dict[str, Any]] = pd.read_csv(file, keep_default_na=False).to_dict("records")
    return [{"busy": 0, **row} for row in found]


def run(data: Path, arguments: list[str], environment: dict[str, str], *, budget: float) -> dict[str, object]:
    """Run ``autotl fit`` once, and return its result and its time.

    Args:
        data: The data set.
        arguments: Arguments of ``autotl fit``.
        environment: Environment variables.
        budget: The budget in the arguments, in seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        # the shipped experience includes these data sets
        command = [sys.executable, "-m", "autotl", "fit", str(data), *arguments]
        started = time.monotonic()
        subprocess.run(
            [*command, "--no-experience", "--quiet", "--out", str(out)], env=environment, check=True
        )
        wall = time.monotonic() - started
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return {
        "test": report["test"]["value"],
        "optimism": report["search"]["optimism"],
        "chosen": report["verdict"]["strategy"],
        "backbone": report["verdict"]["backbone"],
        "trials": report["search"]["trials"],
        "wall_seconds": wall,
        "late_by": wall - (1.05 * budget + 5),
        "threads": environment.get("OMP_NUM_THREADS", ""),
    }


if __name__ == "__main__":
    main()
