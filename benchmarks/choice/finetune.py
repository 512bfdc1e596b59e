"""Fine-tune every backbone on every data set by one fixed recipe, and measure the test accuracy.

    python -m benchmarks.choice.finetune --backbone FOLDER … --out finetune.csv DATA.zip …

Training is limited by a number of images instead of seconds, so a busy machine does not change accuracies.
Each data set, backbone and seed gives a row. Known rows are not measured again.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl import plugins
from autotl.api import Job, Outcome
from autotl.clock import WallClock
from autotl.data import render, torch_within_cores
from autotl.finalize.export import load_network
from autotl.pipeline.prepare import Prepared
from autotl.results import Predictor
from autotl.training import keep_freed_memory
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache
from benchmarks.prepared import prepared

IMAGES_SEEN, MIN_EPOCHS, MAX_EPOCHS = 7000, 2, 12
"""Training images over all epochs, and the range of epochs."""
SIDE = 96
RECIPE = {
    "freeze": 0, "head": "probe", "lr": 3e-4, "layer_decay": 0.75, "weight_decay": 0.02, "augment": "shift",
    "balance": "none", "norm": "frozen", "image_size": SIDE,
}  # fmt: skip
"""The settings of ``finetune``."""

Known = set[tuple[str, str, str]]


def accuracies(
    data: Path, backbones: list[str], seeds: list[int], known: Known
) -> Iterator[tuple[object, ...]]:
    """Yield data set, backbone, seed, epochs, test accuracy and seconds of each missing measurement.

    Args:
        data: The data set.
        backbones: The backbones.
        seeds: The seeds.
        known: Data set, backbone and seed of known measurements.
    """
    needed = [b for b in backbones if any((data.stem, Path(b).name, str(s)) not in known for s in seeds)]
    if not needed:
        return
    with tempfile.TemporaryDirectory() as folder:
        ready = prepared(data, Path(folder) / "cache", backbone=needed, image_size=SIDE)
        runner = TrialRunner(
            ready.run_cache,
            ActivationCache(ready.run_cache),
            ready.task,
            plugins.load().strategies.items,
            Path(folder) / "trials",
            WallClock(),
        )
        epochs = int(np.clip(round(IMAGES_SEEN / ready.task.train_rows), MIN_EPOCHS, MAX_EPOCHS))
        rows = ready.locked.open("the benchmark's one evaluation")
        for name, seed in itertools.product(ready.backbones, seeds):
            if (data.stem, name, str(seed)) in known:
                continue
            started = time.monotonic()
            job = Job(seed, "finetune", name, {**RECIPE, "epochs": epochs}, seed, ())
            accuracy = test_accuracy(ready, runner(job, lambda *_: None), name, rows)
            yield data.stem, name, seed, epochs, round(accuracy, 4), round(time.monotonic() - started)


def test_accuracy(ready: Prepared, outcome: Outcome, name: str, rows: NDArray[np.int64]) -> float:
    """Return the accuracy of a trained model on test rows.

    Args:
        ready: The prepared data.
        outcome: The outcome of the training.
        name: Name of the backbone.
        rows: The test rows.
    """
    assert outcome.model, outcome.why
    predictor = Predictor(load_network(ready.run_cache, name, outcome.model, input_size=SIDE), device="cpu")
    logits = predictor.outputs_of(render(ready.dataset, rows, predictor.view))
    return float((logits.argmax(1) == ready.dataset.targets[rows]).mean())


def main() -> None:
    """Fine-tune on all data sets, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", action="append", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    known: Known = set()
    if given.out.is_file():
        with given.out.open(newline="") as file:
            known = {(row["data"], row["backbone"], row["seed"]) for row in csv.DictReader(file)}
    else:
        given.out.write_text("data,backbone,seed,epochs,accuracy,seconds\n")
    with torch_within_cores(), keep_freed_memory(True):
        for data in given.data:
            for row in accuracies(data, given.backbone, list(range(given.seeds)), known):
                with given.out.open("a", newline="") as file:
                    csv.writer(file).writerow(row)
                print(*row, flush=True)


if __name__ == "__main__":
    main()
