"""Check the verdict in situations with a known truth: ``python -m benchmarks.truth --out FOLDER``.

Each run draws a data set with 80 or 200 images for training and 400 for the test, and computes the verdict.
``situations.py`` gives the reason for the truth of each situation. The true gain of the networks compared is
measured on 10,000 fresh images. If the baseline was cut short, the gain over the same baseline after ten
times its training is measured too; the bracket in the report should contain it. Expect about half a minute
per run on one core. Existing runs are not repeated. Writes ``rows.csv`` and ``truth.md`` to FOLDER.
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

from benchmarks.truth.plugin import write_plugin
from benchmarks.truth.situations import SITUATIONS
from benchmarks.truth.summary import markdown, summarise

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def main() -> None:
    """Run the missing runs, and write the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", nargs="+", default=list(SITUATIONS), help="names of situations")
    parser.add_argument("--jobs", type=int, default=2, help="parallel runs, each on one thread")
    given = parser.parse_args()
    folder: Path = given.out.resolve()
    prepare(folder)
    planned = [(name, seed) for seed in range(given.seeds) for name in given.only]
    with ThreadPoolExecutor(given.jobs) as pool:
        results = list(pool.map(lambda each: run(folder, *each), planned))
    rows = [row for row in results if row is not None]
    if not rows:
        raise SystemExit(f"Every run failed. Read the logs in {folder / 'logs'}.")
    rows.sort(key=lambda row: (list(SITUATIONS).index(row["situation"]), row["seed"]))
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    known = {each.name: each.known_gain for each in SITUATIONS.values() if each.known_gain is not None}
    table = markdown(summarise(rows, expected=known))
    (folder / "truth.md").write_text(table, encoding="utf-8")
    print(table)


def prepare(folder: Path) -> None:
    """Create the shared files: networks, fresh images, and the plugin with the strategies."""
    for name in ("rows", "correct", "logs", "networks", "plugin"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_plugin(folder / "plugin")
    torch.set_num_threads(1)  # because such small networks are not faster on more
    for situation in SITUATIONS.values():
        file = folder / f"fresh-{situation.name}.npz"
        if not file.is_file():
            images, labels = situation.fresh()
            np.savez(file, images=images, labels=labels)
        situation.backbone(folder / "networks")


def run(folder: Path, name: str, seed: int) -> dict[str, Any] | None:
    """Return the row of one run, or None if it failed; a missing run is run in its own process.

    Args:
        folder: The folder of the benchmark.
        name: Name of the situation.
        seed: The seed.
    """
    file = folder / "rows" / f"{name}-{seed}.json"
    if not file.is_file():
        path = os.pathsep.join([str(folder / "plugin"), os.environ.get("PYTHONPATH", "")])
        with (folder / "logs" / f"{name}-{seed}.txt").open("wb") as log:
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.truth.one", name, str(seed), str(folder)],
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": path},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            print(f"{name} {seed}: failed; see {log.name}", flush=True)
            return None
    row: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = f"gain {row['gain']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}), true {row['true_gain']:+.3f}"
    print(f"{name} {seed}: {row['verdict']}, {found}, {row['seconds']:.0f} s", flush=True)
    return row


if __name__ == "__main__":
    main()
