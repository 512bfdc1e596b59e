"""Adapt models to a place of use, and compare the guard's scores with the truth.

    python -m benchmarks.adapt --data ZIPS

Each shift and seed is one run of ``autotl fit … --deploy …`` with the plugin autotl-adapt. The guard sees no
label of the place of use. A row for each model has its scores without labels, and the true accuracy on the
images of the place of use. ``delivered`` is the model that the guard chose, after the final training. The
bounds are models that were trained on labelled images of the place of use. Rows are appended after each run,
and known rows are not run again. Nothing else may run on the machine.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.adapt.shifts import CONFIRMING, HELD_OUT, SHIFTS, Case, Shift, images_of

RESULTS = Path(__file__).parents[1] / "results" / "adapt.csv"
ALL = (*SHIFTS, *CONFIRMING, *HELD_OUT)
ROOT = Path(__file__).parents[2]
BOUNDS = ("linear_probe", "finetune")
SCORES = (
    "source_validation",
    "mean_entropy",
    "mutual_information",
    "neighbourhood_density",
    "importance_weighted",
    "class_distance",
)
COLUMNS = (
    "shift",
    "seed",
    "seconds",
    "role",
    "strategy",
    "backbone",
    *SCORES,
    "truth",
    "low",
    "high",
    "images",
    "chosen",
    "auc",
    "p",
    "wall_seconds",
    "reason",
)
"""``role`` is unadapted, adapted, untried, delivered or bound; ``reason`` is the guard's, or why none."""

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the missing rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the zips")
    parser.add_argument("--shifts", nargs="+", default=[each.name for each in ALL])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument(
        "--bounds", nargs="*", default=BOUNDS, help="strategies that learn from the place of use"
    )
    parser.add_argument("--backbone", default="efficientnet_lite0", help="a name, or a folder of weights")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file of rows")
    parser.add_argument("--work", type=Path, default=Path("runs/adapt"), help="the folder of the runs")
    given = parser.parse_args(arguments)
    known = _known(given.out)
    chosen = [each for each in ALL if each.name in given.shifts]
    for seed, shift in itertools.product(given.seeds, chosen):
        if (shift.name, str(seed), str(given.seconds)) in known:
            continue
        try:
            rows = rows_of(shift, given, seed)
        except subprocess.CalledProcessError as error:
            print(f"{shift.name}, seed {seed}: {error}", file=sys.stderr)
            continue
        _append(given.out, rows)
        for row in rows:
            print(f"{shift.name}, seed {seed}: {row['role']} {row['strategy']}: {row['truth']}", flush=True)


@dataclass(frozen=True, slots=True)
class _Runs:
    """Runs the command line for one shift and seed.

    Attributes:
        given: The arguments.
        seed: The seed.
        folder: Folder of the runs.
    """

    given: argparse.Namespace
    seed: int
    folder: Path

    def report(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run ``autotl fit``, and return its report with its wall time."""
        out = self.folder / name
        shutil.rmtree(out, ignore_errors=True)
        command = [sys.executable, "-m", "benchmarks.adapt.blind", "fit", *arguments]
        command += ["--budget", f"{self.given.seconds}s", "--seed", str(self.seed)]
        command += ["--backbone", str(self.given.backbone), "--no-experience", "--quiet", "--out", str(out)]
        started = time.monotonic()
        subprocess.run(command, check=True, cwd=ROOT)
        found: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
        shutil.rmtree(out)
        return found | {"wall_seconds": time.monotonic() - started}


def rows_of(shift: Shift, given: argparse.Namespace, seed: int) -> list[Row]:
    """Run a shift with one seed, and return the row of each model.

    Args:
        shift: The shift.
        given: The zips, the backbone, the seconds and the folder of the runs.
        seed: The seed.
    """
    folder = given.work.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    case = images_of(shift, given.data, folder / "images")
    runs = _Runs(given, seed, folder)
    common = {"shift": shift.name, "seed": seed, "seconds": given.seconds}
    report = runs.report("adapted", str(_table(case, folder)), "--deploy", str(case.place))
    rows = adapted_rows(report)
    bound = folder / "bound.csv"
    case.bound.to_csv(bound, index=False)
    rows += [bound_row(runs.report(name, str(bound), "--strategy", name), name) for name in given.bounds]
    return [common | row for row in rows]


def _table(case: Case, folder: Path) -> Path:
    file = folder / "table.csv"
    case.table.to_csv(file, index=False)
    return file


def adapted_rows(report: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a report's compared models, and of the delivered one."""
    found = report["adaptation"]
    difference = found["domain_difference"] or {}
    common = {
        "auc": difference.get("auc"),
        "p": difference.get("p"),
        "reason": found["reason"],
        "wall_seconds": report["wall_seconds"],
    }
    unadapted = [found["unadapted"]] if found["unadapted"] else []
    rows = [_model_row(each, "unadapted", found["chosen"] is None) for each in unadapted]
    rows += [_model_row(each, "adapted", each["strategy"] == found["chosen"]) for each in found["candidates"]]
    verdict = report["verdict"]
    rows.append(
        {
            "role": "delivered",
            "strategy": verdict["strategy"],
            "backbone": verdict["backbone"],
            "chosen": True,
        }
        | _truth(found["truth"])
    )
    rows = [common | row for row in rows]
    return rows + [
        {"role": "untried", "strategy": each["strategy"], "chosen": False, "truth": None}
        | {"reason": each["reason"]}
        for each in found["untried"]
    ]


def _model_row(model: Mapping[str, Any], role: str, chosen: bool) -> Row:
    scores = {name: model["scores"][name] for name in SCORES}
    own = {"role": role, "strategy": model["strategy"], "backbone": model["backbone"], "chosen": chosen}
    return own | scores | _truth(model["truth"])


def _truth(truth: Mapping[str, Any] | None) -> Row:
    if truth is None:
        return {"truth": None}
    low, high = truth["ci95"] or (None, None)
    return {"truth": truth["value"], "low": low, "high": high, "images": truth["n"]}


def bound_row(report: Mapping[str, Any], strategy: str) -> Row:
    """Return the row of a model that was trained on labelled images of the place of use."""
    backbone = report["verdict"]["backbone"]
    own = {"role": "bound", "strategy": strategy, "backbone": backbone, "chosen": False}
    return own | _truth(report["test"]) | {"wall_seconds": report["wall_seconds"]}


def _known(path: Path) -> set[tuple[str, str, str]]:
    """Return the shifts, seeds and budgets of the rows."""
    if not path.exists():
        return set()
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["shift"], row["seed"], row["seconds"]) for row in csv.DictReader(file)}


def _append(path: Path, rows: Sequence[Row]) -> None:
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerows({name: _short(value) for name, value in row.items()} for row in rows)


def _short(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


if __name__ == "__main__":
    main()
