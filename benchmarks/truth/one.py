"""One run, in a process of its own: ``python -m benchmarks.truth.one SITUATION SEED FOLDER``."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file

import autotl
from autotl.api import Record
from autotl.data import render_images
from autotl.results import Predictor, open_model
from autotl.seeds import derive
from autotl.terminal import Silence
from benchmarks.truth.situations import LEARN, SITUATIONS, TEST

TRIALS = 2
"""The default settings of both arms: neither is searched longer than the other, on whatever machine."""


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
    with tempfile.TemporaryDirectory(prefix="truth-") as place:
        out, kept = Path(place) / "run", Path(place) / "kept"
        result = autotl.fit(
            situation.data(seed),
            out=out,
            backbone=situation.backbone(folder / "networks"),
            strategies=situation.strategies,
            trials=TRIALS,
            test=TEST / (LEARN + TEST),
            image_size=32,
            device="cpu",
            experience=False,
            seed=derive(seed, "run"),
            watch=Keeping(out / ".cache" / "trials", kept),
        )
        seconds = time.monotonic() - started
        report = result.report
        ours, theirs = (_trial(report, arm) for arm in situation.strategies)
        images, labels = _fresh(folder, situation.family)
        first, second = (_hits(result.folder, kept, number, images, labels) for number in (ours, theirs))
    gain = report["when"]["transfer_gain"]
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
        "seconds": seconds,
    }
    np.savez(folder / "hits" / f"{name}-{seed}.npz", transfer=first, baseline=second)
    (folder / "rows" / f"{name}-{seed}.json").write_text(json.dumps(row, indent=1) + "\n", encoding="utf-8")


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
    run: Path, kept: Path, number: int, images: NDArray[np.uint8], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """What each of a trial's networks gets right, (networks, images); the first fold's first."""
    opened = open_model(run / "model")
    named = np.array([int(label) for label in opened.classes])
    shown = images.transpose(0, 3, 1, 2)  # drawn at the size the network wants: there is nothing to resize
    view = Predictor(opened, device="cpu").view
    assert np.array_equal(shown[:8], render_images([Image.fromarray(image) for image in images[:8]], view))
    rows = []
    for file in [kept / f"trial-{number:04d}.safetensors", *sorted(kept.glob(f"trial-{number:04d}-fold*"))]:
        opened.model.load_state_dict(load_file(file))
        rows.append(named[Predictor(opened, device="cpu").logits_of(shown).argmax(1)] == labels)
    return np.stack(rows)


def _fresh(folder: Path, family: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    with np.load(folder / f"fresh-{family}.npz") as arrays:
        return arrays["images"], arrays["labels"]


if __name__ == "__main__":
    main()
