"""Fine-tune every backbone on every data set by one fixed recipe, and score it on the data's own test part.

    python -m benchmarks.choice.finetune --backbone FOLDER … --out finetune.csv DATA.zip …

The work is a number of images seen, not seconds, so that a busy machine changes no accuracy. A row per data
set, backbone and seed is appended as soon as it is known, and rows that are there are not computed again.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np

from autotl import plugins
from autotl.api import Job
from autotl.clock import WallClock
from autotl.data import render, torch_within_cores
from autotl.finalize.export import load_network
from autotl.results import Predictor
from autotl.training import keep_freed_memory
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache
from benchmarks.prepared import prepared

SEEN, FEWEST, MOST = 7000, 2, 12
SIDE = 96


def accuracies(data: Path, backbones: list[str], seeds: list[int], done: set[tuple[str, str, str]]):
    """Data set, backbone, seed, epochs, test accuracy and seconds, one after the other."""
    catalog, clock = plugins.load(), WallClock()
    wanted = [b for b in backbones if any((data.stem, Path(b).name, str(s)) not in done for s in seeds)]
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        ready = prepared(data, Path(folder) / "cache", backbone=wanted, image_size=SIDE)
        worker = TrialRunner(
            ready.materials,
            ActivationCache(ready.materials),
            ready.task,
            catalog.strategies.items,
            Path(folder) / "trials",
            clock,
        )
        epochs = int(np.clip(round(SEEN / ready.task.train_rows), FEWEST, MOST))
        rows = ready.locked.open("the benchmark's one evaluation")
        truth = ready.dataset.table["label"].to_numpy()[rows]
        for name in ready.backbones:
            for seed in seeds:
                if (data.stem, name, str(seed)) in done:
                    continue
                params = {
                    "freeze": 0, "head": "probe", "lr": 3e-4, "layer_decay": 0.75, "weight_decay": 0.02,
                    "epochs": epochs, "augment": "shift", "balance": "none", "norm": "frozen",
                    "image_size": SIDE,
                }  # fmt: skip
                started = time.monotonic()
                outcome = worker(Job(seed, "finetune", name, params, seed, ()), lambda job, said: None)
                assert outcome.model, outcome.why
                opened = load_network(ready.materials, name, outcome.model, input_size=SIDE)
                predictor = Predictor(opened, device="cpu")
                logits = predictor.logits_of(render(ready.dataset, rows, predictor.view))
                accuracy = float((logits.argmax(1) == truth).mean())
                yield data.stem, name, seed, epochs, round(accuracy, 4), round(time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", action="append", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    done: set[tuple[str, str, str]] = set()
    if told.out.is_file():
        with told.out.open(newline="") as file:
            done = {(row["data"], row["backbone"], row["seed"]) for row in csv.DictReader(file)}
    else:
        told.out.write_text("data,backbone,seed,epochs,accuracy,seconds\n")
    with torch_within_cores(), keep_freed_memory(True):
        for data in told.data:
            for row in accuracies(data, told.backbone, list(range(told.seeds)), done):
                with told.out.open("a", newline="") as file:
                    csv.writer(file).writerow(row)
                print(*row, flush=True)


if __name__ == "__main__":
    main()
