"""One run, in a process of its own: ``python -m benchmarks.truth.one SITUATION SEED FOLDER``."""

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
from autotl.api import OwnNetworks, Record, Task, Weights
from autotl.backbone import create, data_config
from autotl.data import render_images
from autotl.results import LoadedModel, Predictor
from autotl.seeds import derive
from autotl.terminal import Silence
from benchmarks.truth.situations import SITUATIONS, TEST, Situation

SIDE = 32
"""Pixels a side of the drawn images."""


class Keeping(Silence):
    """Keeps the weights of every trial, which a run deletes at its end."""

    def __init__(self, trials: Path, kept: Path) -> None:
        self._trials, self._kept = trials, kept

    def scored(self, record: Record, best: Record | None) -> None:
        """Copy what has been written since."""
        self._kept.mkdir(exist_ok=True)
        for file in self._trials.glob("trial-*.safetensors"):
            if not (self._kept / file.name).exists():
                shutil.copy(file, self._kept)


def main() -> None:
    name, seed, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    situation, started = SITUATIONS[name], time.monotonic()
    images, labels = _fresh(folder, situation.name)
    with tempfile.TemporaryDirectory(prefix="truth-") as place:
        run = _run(situation, situation.strategies, seed, folder, Path(place) / "run")
        first, second = (_hits(run, each, images, labels) for each in situation.strategies)
        seconds = time.monotonic() - started
        patient = second
        if situation.patient:
            again = _run(situation, (situation.patient,), seed, folder, Path(place) / "patient")
            patient = _hits(again, situation.patient, images, labels)
    report = run.report
    unmeasured = {"value": math.nan, "ci95": (math.nan, math.nan), "p": math.nan, "n": report["test"]["n"]}
    gain, plateau = report["when"]["transfer_gain"] or unmeasured, report["when"]["plateau"] or {}
    bracket = plateau.get("gain_ci95") or (math.nan, math.nan)
    row = {
        "situation": name,
        "seed": seed,
        "truth": situation.truth,
        "verdict": report["verdict"]["transfer"],
        "gain": gain["value"],
        "low": gain["ci95"][0],
        "high": gain["ci95"][1],
        "p": gain["p"],
        "n_train": report["when"]["n_train"],
        "n_test": gain["n"],
        "networks": len(first),
        "baseline_networks": len(second),
        "true_transfer": float(first.mean()),
        "true_baseline": float(second.mean()),
        "true_gain": float(first.mean() - second.mean()),
        "cut_short": bool(situation.patient),
        "plateau_low": bracket[0],
        "plateau_high": bracket[1],
        "plateau_gain": float(first.mean() - patient.mean()),
        "seconds": seconds,
    }
    np.savez(folder / "hits" / f"{name}-{seed}.npz", transfer=first, baseline=second)
    (folder / "rows" / f"{name}-{seed}.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Made:
    """A run: its report, the network it started from, and where the weights of all its trials are."""

    report: Mapping[str, Any]
    network: Path
    kept: Path


def _run(situation: Situation, strategies: Sequence[str], seed: int, folder: Path, out: Path) -> Made:
    kept, network = out.with_name(f"{out.name}-kept"), situation.backbone(folder / "networks")
    result = autotl.fit(
        situation.data(seed),
        out=out,
        backbone=network,
        strategies=strategies,
        trials=len(strategies),  # the defaults: neither is searched longer than the other
        test=TEST / (situation.learn + TEST),
        image_size=32,
        device="cpu",
        experience=False,
        seed=derive(seed, "run"),
        watch=Keeping(out / ".cache" / "trials", kept),
    )
    return Made(result.report, network, kept)


def _trial(report: Mapping[str, Any], strategy: str) -> int:
    """The number of the strategy's best trial, which the gain was measured with."""
    (params,) = (arm["params"] for arm in report["arms"] if arm["strategy"] == strategy)
    (number,) = (
        trial["number"]
        for trial in report["trials"]
        if trial["strategy"] == strategy and trial["params"] == params
    )
    return int(number)


def _hits(
    run: Made, strategy: str, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """What each network of the strategy's best trial gets right, (networks, images), the first fold first."""
    number, opened = _trial(run.report, strategy), _network(run, strategy)
    named = np.array([int(label) for label in opened.classes])
    shown = images.transpose(0, 3, 1, 2)  # drawn at the size the network wants: there is nothing to resize
    view = Predictor(opened, device="cpu").view
    assert np.array_equal(shown[:8], render_images([Image.fromarray(image) for image in images[:8]], view))
    rows = []
    for file in [
        run.kept / f"trial-{number:04d}.safetensors",
        *sorted(run.kept.glob(f"trial-{number:04d}-fold*")),
    ]:
        opened.model.load_state_dict(load_file(file))
        rows.append(named[Predictor(opened, device="cpu").logits_of(shown).argmax(1)] == labels)
    return np.stack(rows)


def _network(run: Made, strategy: str) -> LoadedModel:
    """The network of the strategy: one of its own, or that of the run's backbone."""
    classes = tuple(run.report["classes"])
    offered = plugins.load().strategies[strategy]
    (name,) = (arm["backbone"] for arm in run.report["arms"] if arm["strategy"] == strategy)
    if isinstance(offered, OwnNetworks):
        task = Task(classes, dict.fromkeys(classes, run.report["when"]["n_train"] // len(classes)), SIDE)
        (weights,) = (each for each in offered.networks(task) if each.name == name)
    else:
        weights = Weights(name, f"local-dir:{run.network}", name, folder=run.network)
    model = create(weights, classes=len(classes))
    return LoadedModel(model, replace(data_config(model), side=SIDE), classes)


def _fresh(folder: Path, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with np.load(folder / f"fresh-{name}.npz") as arrays:
        return arrays["images"], arrays["labels"]


if __name__ == "__main__":
    main()
