"""Run one situation with one seed: ``python -m benchmarks.truth.one SITUATION SEED FOLDER``."""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file

import autotl
from autotl import plugins
from autotl.api import OwnNetworks, Record, TargetSpec, Task, Weights
from autotl.backbone import create, data_config
from autotl.data import render_images
from autotl.results import LoadedModel, Predictor
from autotl.seeds import derive
from autotl.terminal import Silence
from benchmarks.truth.situations import SITUATIONS, TEST, Situation

SIDE = 32
"""Side of the drawn images in pixels."""


class WeightsCopier(Silence):
    """A watch that copies the weights of every trial, which the run deletes at its end."""

    def __init__(self, trials: Path, copies: Path) -> None:
        self._trials, self._copies = trials, copies

    def scored(self, record: Record, best: Record | None) -> None:
        """Copy the new files."""
        self._copies.mkdir(exist_ok=True)
        for file in self._trials.glob("trial-*.safetensors"):
            if not (self._copies / file.name).exists():
                shutil.copy(file, self._copies)


def main() -> None:
    """Run the situation, and write its row and the correct predictions."""
    name, seed, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    situation, started = SITUATIONS[name], time.monotonic()
    images, labels = _fresh(folder, situation.name)
    with tempfile.TemporaryDirectory(prefix="truth-") as temporary:
        run = _run(situation, situation.strategies, seed, folder, Path(temporary) / "run")
        transfer, baseline = (_correct(run, each, images, labels) for each in situation.strategies)
        seconds = time.monotonic() - started
        plateau = baseline
        if situation.longer_baseline:
            longer = _run(situation, (situation.longer_baseline,), seed, folder, Path(temporary) / "longer")
            plateau = _correct(longer, situation.longer_baseline, images, labels)
    row: dict[str, Any] = {"situation": name, "seed": seed}
    row |= _row(situation, run.report, transfer=transfer, baseline=baseline, plateau=plateau)
    row["seconds"] = seconds
    np.savez(folder / "correct" / f"{name}-{seed}.npz", transfer=transfer, baseline=baseline)
    (folder / "rows" / f"{name}-{seed}.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


def _row(
    situation: Situation,
    report: Mapping[str, Any],
    *,
    transfer: NDArray[np.bool_],
    baseline: NDArray[np.bool_],
    plateau: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the columns that depend on the report and on the correct predictions (networks, images)."""
    unmeasured = {"value": math.nan, "ci95": (math.nan, math.nan), "p": math.nan, "n": report["test"]["n"]}
    gain = report["when"]["transfer_gain"] or unmeasured
    bracket = (report["when"]["plateau"] or {}).get("gain_ci95") or (math.nan, math.nan)
    return {
        "truth": situation.truth,
        "verdict": report["verdict"]["transfer"],
        "gain": gain["value"],
        "low": gain["ci95"][0],
        "high": gain["ci95"][1],
        "p": gain["p"],
        "n_train": report["when"]["n_train"],
        "n_test": gain["n"],
        "networks": len(transfer),
        "baseline_networks": len(baseline),
        "true_transfer": float(transfer.mean()),
        "true_baseline": float(baseline.mean()),
        "true_gain": float(transfer.mean() - baseline.mean()),
        "cut_short": bool(situation.longer_baseline),
        "plateau_low": bracket[0],
        "plateau_high": bracket[1],
        "plateau_gain": float(transfer.mean() - plateau.mean()),
    }


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """The report of a run, the folder of its network, and the folder with the weights of its trials."""

    report: Mapping[str, Any]
    network: Path
    weights: Path


def _run(situation: Situation, strategies: Sequence[str], seed: int, folder: Path, out: Path) -> FinishedRun:
    copies, network = out.with_name(f"{out.name}-weights"), situation.backbone(folder / "networks")
    result = autotl.fit(
        situation.data(seed),
        out=out,
        backbone=network,
        strategies=strategies,
        trials=len(strategies),  # only the defaults, so that the search favours neither
        test=TEST / (situation.per_class + TEST),
        image_size=32,
        device="cpu",
        experience=False,
        seed=derive(seed, "run"),
        watch=WeightsCopier(out / ".cache" / "trials", copies),
    )
    return FinishedRun(result.report, network, copies)


def _trial(report: Mapping[str, Any], strategy: str) -> int:
    """Return the number of the strategy's best trial, whose networks the gain was measured with."""
    (params,) = (arm["params"] for arm in report["arms"] if arm["strategy"] == strategy)
    (number,) = (
        trial["number"]
        for trial in report["trials"]
        if trial["strategy"] == strategy and trial["params"] == params
    )
    return int(number)


def _correct(
    run: FinishedRun, strategy: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return the correct predictions of the best trial's networks (networks, images), in fold order."""
    number, opened = _trial(run.report, strategy), _network(run, strategy)
    class_labels = np.array([int(label) for label in opened.classes])
    pixels = images.transpose(0, 3, 1, 2)  # already at the size of the network's input
    view = Predictor(opened, device="cpu").view
    assert np.array_equal(pixels[:8], render_images([Image.fromarray(image) for image in images[:8]], view))
    rows = []
    for file in [
        run.weights / f"trial-{number:04d}.safetensors",
        *sorted(run.weights.glob(f"trial-{number:04d}-fold*")),
    ]:
        opened.model.load_state_dict(load_file(file))
        predicted = Predictor(opened, device="cpu").outputs_of(pixels).argmax(1)
        rows.append(class_labels[predicted] == labels)
    return np.stack(rows)


def _network(run: FinishedRun, strategy: str) -> LoadedModel:
    """Return the strategy's own network, or the network of the run's backbone."""
    classes = tuple(run.report["classes"])
    implementation = plugins.load().strategies[strategy]
    (name,) = (arm["backbone"] for arm in run.report["arms"] if arm["strategy"] == strategy)
    if isinstance(implementation, OwnNetworks):
        task = Task(
            TargetSpec("single_label", tuple(classes)),
            dict.fromkeys(classes, run.report["when"]["n_train"] // len(classes)),
            SIDE,
        )
        (weights,) = (each for each in implementation.networks(task) if each.name == name)
    else:
        weights = Weights(name, f"local-dir:{run.network}", name, folder=run.network)
    model = create(weights, classes=len(classes))
    return LoadedModel(
        model, replace(data_config(model), input_size=SIDE), TargetSpec("single_label", tuple(classes))
    )


def _fresh(folder: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with np.load(folder / f"fresh-{name}.npz") as arrays:
        return arrays["images"], arrays["labels"]


if __name__ == "__main__":
    main()
