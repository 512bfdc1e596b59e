"""Check the verdict where the truth is known: ``python -m benchmarks.truth --out FOLDER``.

Each run draws a data set of 80 or 200 images to learn from and 400 to test on, and asks for the verdict. Why
the truth is known stands beside each situation in ``situations.py``. The true gain of the networks compared
is measured on 10,000 fresh images. If the baseline was cut short, so is the gain over the same baseline after
ten times its training, which the bracket of the report should hold. Expect about half a minute a run on one
core; runs that are there already are not made again. Writes ``rows.csv`` and ``truth.md`` below FOLDER.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.truth.offered import offer
from benchmarks.truth.situations import SITUATIONS
from benchmarks.truth.tally import markdown, tally

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def main() -> None:
    """Make the runs that are missing, then count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="+", default=list(SITUATIONS), help="names of situations")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side, each on one thread")
    given = parser.parse_args()
    folder: Path = given.out.resolve()
    prepare(folder)
    wanted = [(name, seed) for seed in range(given.seeds) for name in given.only]
    with ThreadPoolExecutor(given.jobs) as pool:
        made = list(pool.map(lambda each: run(folder, *each), wanted))
    rows = [row for row in made if row is not None]
    if not rows:
        raise SystemExit("No run ended well; the logs are in FOLDER/logs.")
    rows.sort(key=lambda row: (list(SITUATIONS).index(row["situation"]), row["seed"]))
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    known = {each.name: each.exact for each in SITUATIONS.values() if each.exact is not None}
    table = markdown(tally(rows, expected=known))
    (folder / "truth.md").write_text(table, encoding="utf-8")
    print(table)


def prepare(folder: Path) -> None:
    """Make what the runs share: networks, fresh images, and the strategy that is a plugin."""
    for name in ("rows", "hits", "logs", "networks", "plugin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    offer(folder / "plugin")
    torch.set_num_threads(1)  # networks this small are no faster on more
    for situation in SITUATIONS.values():
        file = folder / f"fresh-{situation.name}.npz"
        if not file.is_file():
            images, labels = situation.fresh()
            np.savez(file, images=images, labels=labels)
        situation.backbone(folder / "networks")


def run(folder: Path, name: str, seed: int) -> dict[str, Any] | None:
    """The row of one run, which is made in a process of its own unless it is there; None where it failed."""
    file = folder / "rows" / f"{name}-{seed}.json"
    if not file.is_file():
        path = os.pathsep.join([str(folder / "plugin"), os.environ.get("PYTHONPATH", "")])
        with (folder / "logs" / f"{name}-{seed}.txt").open("wb") as log:
            ended = subprocess.run(
                [sys.executable, "-m", "benchmarks.truth.one", name, str(seed), str(folder)],
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if ended.returncode:
            print(f"{name} {seed}: failed, see {log.name}", flush=True)
            return None
    row: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = f"gain {row['gain']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}), true {row['true_gain']:+.3f}"
    print(f"{name} {seed}: {row['verdict']}, {found}, {row['seconds']:.0f} s", flush=True)
    return row


if __name__ == "__main__":
    main()
