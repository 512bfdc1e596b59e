"""Measure accuracy over time, and the wall time of a run against its budget.

    python -m benchmarks.budgets --backbone FOLDER --budgets 20 60 120 300 --out budgets.csv DATA.zip …
    python -m benchmarks.budgets --backbone FOLDER --slow --budgets 20 60 --out slow.csv hymenoptera.zip
    python -m benchmarks.budgets --under-load 0 1 2 --budgets 20 60 --out load.csv DATA.zip …

A row for each data set, budget and seed, each run by the command line: test accuracy, what was chosen, and
the seconds from the start of the process to its end. ``late_by`` is what they are beyond 105 % of the budget
and five seconds: not above zero is asked for.
With ``--strategies`` only these are searched; with ``--slow`` a strategy takes part that sleeps for three
seconds at each step. With ``--under-load`` so many programs that take a core each run beside it (``busy``);
its rows mean something only if nothing else runs on the machine. Without ``--backbone`` autotl chooses.
The file is added to after each run, and what it holds is not run again.
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
    """Run what is missing in the file, and print it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", nargs="+", default=[], help="folders or names; all for each run")
    parser.add_argument("--budgets", nargs="+", type=float, default=[20.0, 60.0, 120.0, 300.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--strategies", nargs="*", default=[])
    parser.add_argument("--slow", action="store_true", help="with a strategy that sleeps at each step")
    parser.add_argument("--under-load", nargs="+", type=int, default=[0], help="busy programs beside a run")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = read(given.out)
    sources = " + ".join(Path(each).name for each in given.backbone) or "auto"
    strategies = " + ".join(given.strategies) or ("all and slow" if given.slow else "all")
    with tempfile.TemporaryDirectory() as folder:
        environment = with_plugin(Path(folder), "benchmarks.budgets.slow") if given.slow else dict(os.environ)
        asked_for = itertools.product(given.budgets, given.data, given.seeds, given.under_load)
        for budget, data, seed, busy in tqdm(list(asked_for)):
            key = dict(zip(KEY, (data.stem, sources, strategies, budget, seed, busy), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            asked = ["--budget", f"{budget}s", "--seed", str(seed)]
            for option, values in (("--backbone", given.backbone), ("--strategy", given.strategies)):
                asked += [word for value in values for word in (option, value)]
            with busy_loops(busy):
                rows.append(key | run(data, asked, environment, budget=budget))
            pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def read(file: Path) -> list[dict[str, Any]]:
    """The rows of a file; those of before loads were told ran beside nothing."""
    if not file.exists():
        return []
    found: list[dict[str, Any]] = pd.read_csv(file, keep_default_na=False).to_dict("records")
    return [{"busy": 0, **row} for row in found]


def run(data: Path, asked: list[str], environment: dict[str, str], *, budget: float) -> dict[str, object]:
    """What one run found, and how long it was waited for."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        # the experience that is shipped has seen these data sets
        words = ["-m", "autotl", "fit", str(data), *asked, "--no-experience", "--quiet", "--out", str(out)]
        began = time.monotonic()
        subprocess.run([sys.executable, *words], env=environment, check=True)
        wall = time.monotonic() - began
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
