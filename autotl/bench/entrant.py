"""Run an entrant in the process that is timed.

The entrant is autotl, one of its strategies or another search.

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
from autotl.api import TargetSpec
from autotl.bench.process import START_VARIABLE
from autotl.clock import WallClock
from autotl.errors import AutotlError
from autotl.targets import target_of

if TYPE_CHECKING:
    from autotl.results import Result

MIN_PROBABILITY = 1e-30
"""The smallest probability, so that its logarithm is finite."""
PROBABILITY, PREDICTED = "p:", "predicted:"
"""The beginnings of the columns of predictions in a run folder."""
WRITE_SECONDS, MIN_FIT_SECONDS = 1.0, 1.0
"""Seconds reserved for writing the results, and the smallest budget of a fit."""
CLOCK = WallClock()
PROCESS_START = float(os.environ.get(START_VARIABLE, CLOCK.now()))
"""The start of the process; the budget includes the imports."""


def main(arguments: list[str]) -> int:
    """Run the job, and return 2 if it is invalid.

    Writes ``logits.npy`` and ``entry.json`` into OUT.
    """
    job, out = jsonio.read(Path(arguments[0])), Path(arguments[1])
    try:
        run(job, out)
    except AutotlError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def run(job: dict[str, Any], out: Path) -> None:
    """Fit a model, predict the test images, and write the results.

    Args:
        job: The job, as created by :func:`autotl.bench.measure.job`.
        out: Folder of the results.
    """
    with tempfile.TemporaryDirectory(prefix="autotl-entrant-") as folder:
        result = _fit(job, Path(folder) / "run")
        target = TargetSpec(job["target"], tuple(job["classes"]))
        found = _of_texts(result, job, target) if job["text"] else _of_images(result, job, target)
        logits = _logits(found, target)
        entry = _entry(result, job["strategy"])
    np.save(out / "logits.npy", logits, allow_pickle=False)
    jsonio.write(out / "entry.json", entry)


def trials(report: Mapping[str, Any]) -> tuple[list[dict[str, Any]], int | None]:
    """Return a report's scored trials, and the delivered trial's index.

    Scores are negated if lower is better.
    """
    scored = [trial for trial in report["trials"] if trial["score"] is not None]
    sign = 1 if report["test"].get("higher_is_better", True) else -1
    winner = report["verdict"]["strategy"], report["verdict"]["backbone"], report["how"]["params"]
    found = [
        {
            "params": {"strategy": trial["strategy"], **trial["params"]},
            "val": sign * trial["score"],
            "folds": trial["folds"],
        }
        for trial in scored
    ]
    is_winner = ((each["strategy"], each["backbone"], each["params"]) == winner for each in scored)
    return found, next((number for number, same in enumerate(is_winner) if same), None)


def family(what: dict[str, Any]) -> str:
    """Return the family of a model from its transferred and frozen stages.

    Args:
        what: The entry ``what`` of the report.
    """
    transferred, frozen = what["transferred_stages"], what["frozen_stages"]
    if not transferred:
        return "scratch"
    if not what["replaced"] and set(transferred) <= set(frozen):
        return "as is"
    if set(transferred) <= set(frozen):
        return "frozen"
    return "partly frozen" if frozen else "fine-tuned"


def contributions(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the contribution of each set of additional images, with its interval."""
    found = []
    for each in report["contributions"]:
        gain = each["gain"] or {"value": None, "ci95": (None, None), "p": None}
        row = {key: each[key] for key in ("role", "images", "used", "strategy", "compared_with", "answer")}
        low, high = gain["ci95"]
        found.append(row | {"gain": gain["value"], "low": low, "high": high, "p": gain["p"]})
    return found


def adaptation(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the decision on adapting with the true scores.

    It is None without images of the place of use.
    """
    found = report["adaptation"]
    if found is None:
        return None
    nothing = {"value": None, "ci95": (None, None), "n": None}
    before, after = ((found["unadapted"] or {}).get("truth") or nothing, found["truth"] or nothing)
    low, high = after["ci95"] or (None, None)
    return {
        **{key: found[key] for key in ("chosen", "reason", "images", "used", "slice_images")},
        "unadapted": before["value"],
        "delivered": after["value"],
        "low": low,
        "high": high,
        "n": after["n"],
        "gain": (found["truth_gain"] or nothing)["value"],
    }


def _fit(job: dict[str, Any], folder: Path) -> Result:
    from autotl.bench.joint import ALGORITHMS
    from autotl.fit import fit, fit_by
    from autotl.terminal import Silence

    algorithm = job["search"]
    run_fit = partial(fit_by, ALGORITHMS[algorithm]) if algorithm else fit
    return run_fit(
        data=job["table"],
        target=job["target"],
        label=job["columns"] if job["target"] != "single_label" else None,
        text=job["text"],
        out=folder,
        backbone=job["backbone"]["folder"] or job["backbone"]["name"],
        strategies=[job["strategy"]] if job["strategy"] else (),
        trials=1 if job["default"] else None,
        budget=max(job["budget_seconds"] - (CLOCK.now() - PROCESS_START) - WRITE_SECONDS, MIN_FIT_SECONDS),
        image_size=job["image_size"],
        metric=job["metric"],
        device=job["device"],
        cache="off" if algorithm else None,
        experience=False,  # the shipped experience includes these data sets
        seed=job["seed"],
        watch=Silence(),
        **job["additional"],
    )


def _entry(result: Result, strategy: str | None) -> dict[str, Any]:
    report = result.report
    plugin = _plugin(strategy)
    tried, chosen = trials(report)
    return {
        "plugin": plugin,
        "version": version(plugin),
        "family": family(report["what"]),
        "likeness": _likeness(report["when"]["similarity"]),
        "val": tried[chosen]["val"] if chosen is not None else None,
        "params": {"strategy": report["verdict"]["strategy"], **report["how"]["params"]},
        "image_side": report["how"]["image_size"],
        "flops": _flops(result.predictor),
        "verdict": report["verdict"]["transfer"],
        "notes": report["notes"],
        "versions": {key: report["environment"][key] for key in ("python", "torch", "timm", "optuna")},
        "trials": tried,
        "chosen": chosen,
        "contributions": contributions(report),
        "adaptation": adaptation(report),
    }


def _likeness(similarity: dict[str, Any]) -> float | None:
    values = [
        each["calibrated"]
        for measures in similarity.values()
        for each in measures.values()
        if each["calibrated"] is not None
    ]
    return float(np.median(values)) if values else None


def _plugin(strategy: str | None) -> str:
    """Return the distribution that offers a strategy."""
    if strategy is None:
        return "autotl"
    from autotl import plugins

    return plugins.load().strategies.origins[strategy].distribution


def _flops(predictor: Any) -> float:
    """Return the multiply-adds of the network for one image or text."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from autotl.backbone import example_inputs

    model = predictor.model
    inputs = example_inputs(model, 1, predictor.view.input_size).to(next(model.parameters()).device)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(inputs)
    return float(counter.get_total_flops()) / 2


def _logits(predictions: NDArray[np.float64], target: TargetSpec) -> NDArray[np.float32]:
    """Return outputs (images, k) with these predictions."""
    if target.kind == "single_label":
        return np.log(np.maximum(predictions, MIN_PROBABILITY)).astype(np.float32)
    return target_of(target).outputs_of(predictions)


def _of_texts(result: Result, job: Mapping[str, Any], target: TargetSpec) -> NDArray[np.float64]:
    """Return predictions (texts, k) of the test texts in the listed order."""
    numbers = target.kind == "regression"
    table = result.predict(Path(job["test"]), probabilities=not numbers, image=job["text"])
    columns = list(target.names) if numbers else [f"{PROBABILITY}{name}" for name in target.names]
    return table[columns].to_numpy(dtype=np.float64)


def _of_images(result: Result, job: Mapping[str, Any], target: TargetSpec) -> NDArray[np.float64]:
    """Return predictions (images, k) of the test images in the listed order.

    They are read from the run folder. The model predicts images that the run had no time for.
    """
    numbers = target.kind == "regression"
    columns = [f"{PREDICTED if numbers else PROBABILITY}{name}" for name in target.names]
    with (result.folder / "test.csv").open(encoding="utf-8", newline="") as file:
        known = {row["item"]: [float(row[name]) for name in columns] for row in csv.DictReader(file)}
    with Path(job["test"]).open(encoding="utf-8", newline="") as file:
        names = [row["image"] for row in csv.DictReader(file)]
    if missing := [name for name in names if name not in known]:
        table = result.predict(missing, probabilities=not numbers).set_index("path")
        found = table[list(target.names) if numbers else columns]
        known |= {str(name): list(row) for name, row in zip(found.index, found.to_numpy(), strict=True)}
    return np.array([known[name] for name in names])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
