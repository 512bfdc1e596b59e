"""Measure where the seconds of a run go, and which share of them feeds the model.

    python -m benchmarks.timeline --budgets 60 --out timeline.csv DATA.zip …

Each data set, budget and seed is run by the command line. Each part of ``cost.timeline`` gives a row. The
part ``wall, outside`` is the rest up to the end of the process: writing the report, and leaving. Nothing else
may run on the machine. Rows are appended after each run, and known runs are not repeated.

The printed share is that of passes and fits (``decode``, ``forward``, ``heads``, ``train``, ``validate``) in
the wall time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from autotl.progress.timeline import FEEDING

KEY = ["data", "budget", "seed"]


def main(arguments: list[str] | None = None) -> None:
    """Run what is missing in the file, and print the shares."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", nargs="+", default=[], help="folders or names for every run")
    parser.add_argument("--budgets", nargs="+", type=float, default=[60.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    known = {tuple(row[name] for name in KEY) for row in rows}
    for key in tqdm([*itertools.product([path.stem for path in given.data], given.budgets, given.seeds)]):
        if key in known:
            continue
        data = next(path for path in given.data if path.stem == key[0])
        rows += [dict(zip(KEY, key, strict=True)) | part for part in run(data, given.backbone, *key[1:])]
        pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
    print(shares(pd.DataFrame(rows)).round(2).to_string())


def run(data: Path, backbones: list[str], budget: float, seed: int) -> list[dict[str, Any]]:
    """Run ``autotl fit`` once, and return its parts with the test score.

    Args:
        data: The data set.
        backbones: Names or folders; empty to let autotl choose.
        budget: The budget in seconds.
        seed: The seed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "autotl", "fit", str(data), "--budget", f"{budget}s", "--quiet"]
        command += ["--seed", str(seed), "--no-experience", "--out", str(out)]
        for each in backbones:
            command += ["--backbone", each]
        started = time.monotonic()
        subprocess.run(command, check=True)
        wall = time.monotonic() - started
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    parts: list[dict[str, Any]] = report["cost"]["timeline"]
    rest = wall - sum(part["seconds"] for part in parts)
    return [
        part | {"wall": wall, "test": report["test"]["value"]}
        for part in [*parts, {"phase": "wall", "activity": "outside", "seconds": rest}]
    ]


def shares(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of each phase, and the share that feeds the model, by run."""
    phases = rows.pivot_table(index=KEY, columns="phase", values="seconds", aggfunc="sum", sort=False)
    wall = rows.groupby(KEY, sort=False)["wall"].first()
    feeding = rows[rows["activity"].isin(FEEDING)].groupby(KEY, sort=False)["seconds"].sum()
    return phases.assign(wall_seconds=wall, feeding_share=feeding / wall)


if __name__ == "__main__":
    main()
