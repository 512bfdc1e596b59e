"""Run autotl, one of its strategies or another search as an entrant: the process that is timed.

python -m autotl.bench.entrant JOB.json OUT
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl import jsonio
from autotl.bench.process import STARTED
from autotl.clock import WallClock
from autotl.errors import AutotlError

if TYPE_CHECKING:
    from autotl.results import Result

SMALLEST = 1e-30  # a chance of nothing at all has no logarithm
LEAVING, LEAST = 1.0, 1.0  # seconds: what writing the answers takes, and what a fit is given at the least
CLOCK = WallClock()
BEGUN = float(os.environ.get(STARTED, CLOCK.now()))  # imports are part of what a user waits for


def main(arguments: list[str]) -> int:
    """Do the job, and write ``logits.npy`` and ``entry.json`` into OUT; 2 for a mistake in the job."""
    job, out = jsonio.read(Path(arguments[0])), Path(arguments[1])
    try:
        run(job, out)
    except AutotlError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(job: dict[str, Any], out: Path) -> None:
    """Fit, predict the test images, and tell what was done."""
    from autotl.bench.joint import WAYS
    from autotl.fit import fit, fit_by
    from autotl.terminal import Silence

    searched = job["search"]
    run_it = partial(fit_by, WAYS[searched]) if searched else fit
    default = bool(job["default"])
    with tempfile.TemporaryDirectory(prefix="autotl-entrant-") as folder:
        result = run_it(
            data=job["table"],
            out=Path(folder) / "run",
            backbone=job["backbone"]["folder"] or job["backbone"]["name"],
            strategies=[job["strategy"]] if job["strategy"] else (),
            trials=1 if default else None,
            budget=max(job["budget_seconds"] - (CLOCK.now() - BEGUN) - LEAVING, LEAST),
            image_size=job["image_size"],
            metric=job["metric"],
            device=job["device"],
            cache="off" if searched else None,
            experience=False,  # the shipped experience has seen these very data sets
            seed=job["seed"],
            watch=Silence(),
        )
        chances = _chances(result, Path(job["test"]), job["classes"])
        report = result.report
        entry = {
            "plugin": _plugin(job["strategy"]),
            "version": None,
            "family": family(report["what"]),
            "likeness": _likeness(report["when"]["similarity"]),
            "val": None,
            "params": {"strategy": report["verdict"]["strategy"], **report["how"]["params"]},
            "image_side": report["how"]["image_size"],
            "flops": _flops(result.predictor),
            "verdict": report["verdict"]["transfer"],
            "notes": report["notes"],
            "versions": {key: report["environment"][key] for key in ("python", "torch", "timm", "optuna")},
        }
    entry["version"] = version(entry["plugin"])
    entry["trials"], entry["chosen"] = trials(report)
    if entry["chosen"] is not None:
        entry["val"] = entry["trials"][entry["chosen"]]["val"]
    np.save(out / "logits.npy", np.log(np.maximum(chances, SMALLEST)).astype(np.float32), allow_pickle=False)
    jsonio.write(out / "entry.json", entry)


def trials(report: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int | None]:
    """The scored trials of a report, higher being better, and which of them was delivered."""
    scored = [trial for trial in report["trials"] if trial["score"] is not None]
    sign = 1 if report["test"].get("higher_is_better", True) else -1
    won = report["verdict"]["strategy"], report["verdict"]["backbone"], report["how"]["params"]
    told = [
        {
            "params": {"strategy": trial["strategy"], **trial["params"]},
            "val": sign * trial["score"],
            "folds": trial["folds"],
        }
        for trial in scored
    ]
    same = ((each["strategy"], each["backbone"], each["params"]) == won for each in scored)
    return told, next((number for number, it in enumerate(same) if it), None)


def family(what: dict[str, Any]) -> str:
    """What was done with the source's weights, from the stages that were moved and those that were kept."""
    moved, frozen = what["transferred_stages"], what["frozen_stages"]
    if not moved:
        return "scratch"
    if not what["replaced"] and set(moved) <= set(frozen):
        return "as is"
    if set(moved) <= set(frozen):
        return "frozen"
    return "partly frozen" if frozen else "fine-tuned"


def _likeness(similarity: dict[str, Any]) -> float | None:
    values = [
        each["calibrated"]
        for measures in similarity.values()
        for each in measures.values()
        if each["calibrated"] is not None
    ]
    return float(np.median(values)) if values else None


def _plugin(strategy: str | None) -> str:
    """The distribution that a strategy comes from."""
    if strategy is None:
        return "autotl"
    from autotl import plugins

    return plugins.load().strategies.origins[strategy].distribution


def _flops(predictor: Any) -> float:
    """Multiply-adds of the network for one image."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    side = predictor.view.side
    device = next(predictor.model.parameters()).device
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        predictor.model(torch.zeros(1, 3, side, side, device=device))
    return float(counter.get_total_flops()) / 2


def _chances(result: Result, images: Path, classes: list[str]) -> NDArray[np.float64]:
    """Probabilities (images, classes) in the order of both: what the run kept of its test part, and of images
    that it had no time for what the model says now.
    """
    with (result.folder / "test.csv").open(encoding="utf-8", newline="") as file:
        told = {row["item"]: [float(row[f"p:{name}"]) for name in classes] for row in csv.DictReader(file)}
    with images.open(encoding="utf-8", newline="") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    if missing := [name for name in names if name not in told]:
        table = result.predict(missing, top=len(classes))
        wide = table.pivot(index="path", columns="label", values="probability")[classes]
        told |= {str(name): list(row) for name, row in zip(wide.index, wide.to_numpy(), strict=True)}
    return np.array([told[name] for name in names])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
