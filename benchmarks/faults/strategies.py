"""Run ``autotl fit`` with a strategy that has a planted fault, and print its state and the delivery.

    python -m benchmarks.faults.strategies [--faults NAME …] [--out planted-strategies.csv]

Each fault runs beside ``linear_probe`` and ``finetune`` on the tiny backbone and drawn images. A run without
the strategy comes first: the folds of the other trials must have the same scores as there. It exits with an
error if a fault has no such fold.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from safetensors import safe_open

from autotl.testing import tiny_images
from benchmarks.faults.planted import FAULTS, VARIABLE
from benchmarks.installed import with_plugin

OTHERS = ("linear_probe", "finetune")
TRIALS, SILENT_BUDGET = 5, 60
REASON_CHARACTERS = 110
LIMIT = 600.0
"""Seconds after which a run is killed."""
NOT_COMPARED = "none ran"
"""The column ``others`` if no fold of another strategy ran in both runs."""
Scores = dict[tuple[str, str, int], float]
"""Scores by strategy, settings and fold."""


def main() -> None:
    """Run the faults, print the table, and write it as CSV if a file is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = write_images(folder / "images")
        without = run(data, folder / "without", fault="")
        for fault in given.faults:
            ended = run(data, folder / f"{len(rows)}", fault=fault)
            rows.append({"fault": fault, **columns_of(ended, without)})
            print("| " + " | ".join(str(rows[-1][name]) for name in COLUMNS) + " |", flush=True)
    if given.out:
        with given.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    if unknown := [row["fault"] for row in rows if row["others"] == NOT_COMPARED]:
        sys.exit(f"No fold of another strategy can be compared: {', '.join(unknown)}.")


COLUMNS = ("fault", "exit", "trials", "reason", "delivered", "test", "others", "seconds")


def write_images(folder: Path) -> Path:
    """Write drawn images of three classes."""
    for number, (image, label) in enumerate(zip(*tiny_images(classes=3, each=15), strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / label / f"{number}.png")
    return folder


def run(data: Path, folder: Path, *, fault: str) -> dict[str, Any]:
    """Run ``autotl fit``, and return its report, its folder and how it ended.

    Args:
        data: The images.
        folder: Folder for the run.
        fault: The fault; without one, the strategy is left out.
    """
    folder.mkdir()
    out = folder / "run"
    command = [sys.executable, "-m", "autotl", "fit", str(data), "--out", str(out), "--quiet"]
    command += ["--backbone", "tiny", "--image-size", "32", "--no-experience", "--set", "finetune.epochs=2"]
    command += [word for name in (*["planted"][: bool(fault)], *OTHERS) for word in ("--strategy", name)]
    command += ["--budget", f"{SILENT_BUDGET}s"] if fault == "silence" else ["--trials", str(TRIALS)]
    started = time.monotonic()
    environment = with_plugin(folder, "benchmarks.faults.planted") | {VARIABLE: fault}
    code, error = ended_within(LIMIT, command, environment)
    report = out / "report.json"
    return {
        "exit": code,
        "error": " ".join(error.split()),
        "report": json.loads(report.read_text(encoding="utf-8")) if report.is_file() else None,
        "scores": fold_scores(out / "journal"),
        "seconds": time.monotonic() - started,
    }


def ended_within(seconds: float, command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Return the exit code and the errors of a command; it is killed with its children after some seconds."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        error = process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        error = f"{process.communicate()[1]} It was killed after {seconds:g} s."
    return process.returncode, error


def fold_scores(journal: Path) -> Scores:
    """Return the score of each fold of the other strategies' trials."""
    found: Scores = {}
    for path in sorted(journal.glob("[!.]*.safetensors")):
        with safe_open(path, framework="numpy") as file:
            trial = json.loads(file.metadata()["trial"])
        settings = json.dumps(trial["params"], sort_keys=True)
        for fold in trial["folds"] if trial["strategy"] in OTHERS else []:
            found[trial["strategy"], settings, fold["fold"]] = fold["score"]
    return found


def columns_of(ended: dict[str, Any], without: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a row.

    Args:
        ended: A run with a fault.
        without: The run without the strategy.
    """
    found: dict[str, Any] = {"exit": ended["exit"], "seconds": round(ended["seconds"])}
    report = ended["report"]
    if report is None:
        return dict.fromkeys(COLUMNS[2:], "–") | found | {"reason": ended["error"][-REASON_CHARACTERS:]}
    own = [trial for trial in report["trials"] if trial["strategy"] == "planted"]
    states = Counter(trial["state"] for trial in own)
    reasons = [trial["why"] for trial in own if trial["why"]]
    reasons += [phase for phase in report["how"]["phases"] if "training on all images failed" in phase]
    same = ended["scores"].keys() & without["scores"].keys()
    equal = sum(ended["scores"][key] == without["scores"][key] for key in same)
    return found | {
        "trials": ", ".join(f"{count} {state}" for state, count in states.items()),
        "reason": reasons[0][:REASON_CHARACTERS] if reasons else "–",
        "delivered": report["verdict"]["strategy"],
        "test": round(report["test"]["value"], 3),
        "others": f"{equal} of {len(same)} equal" if same else NOT_COMPARED,
    }


if __name__ == "__main__":
    main()
