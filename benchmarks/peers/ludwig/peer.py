"""Ludwig on one checkpoint: one declarative training, stopped when the time is over.

Run by ``python -m benchmarks.peers run ludwig JOB.json OUT``; the job and what is written are described in
the README of the folder above.
"""

from __future__ import annotations

import time

BEGIN = time.perf_counter()  # before the imports below, which the budget pays for too

import functools  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from concurrent.futures import ThreadPoolExecutor  # noqa: E402
from importlib.metadata import version  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
FOLDER = JOB["backbone"]["folder"]
os.environ["OMP_NUM_THREADS"] = str(JOB["threads"])  # read when torch is imported
os.environ["CUDA_VISIBLE_DEVICES"] = (
    "" if JOB["device"] == "cpu" else os.environ.get("CUDA_VISIBLE_DEVICES", "0")
)
if FOLDER:
    os.environ["HF_HUB_OFFLINE"] = "1"

import encoder  # noqa: E402, F401 - registers itself with Ludwig
import ludwig.backend.base  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
from ludwig.api import LudwigModel  # noqa: E402
from ludwig.callbacks import Callback  # noqa: E402

IMPORTED = time.perf_counter()
SPLIT = [0.875, 0.125, 0.0]
"""Ludwig's own shares of training and validation images, without the test images it would set aside."""

BATCH, RATE, EPOCHS = 32, 1e-3, 100
SPARE = 2.0
"""Seconds kept for writing the files and for ending."""


class Clock(Callback):
    """Ends the training after an epoch where another one would not leave the time to predict the test.

    ``scores`` are the validation accuracies of the epochs.
    """

    def __init__(self, test: int) -> None:
        self.test, self.scores = test, list[float]()
        self.longest = 0.0
        self.validating = 0.0
        self.rows = 1

    def on_preprocess_end(self, training_set: Any, validation_set: Any, *rest: Any) -> None:
        """Note how many images an epoch validates on."""
        self.rows = max(1, len(validation_set)) if validation_set is not None else 1

    def on_epoch_start(self, *rest: Any) -> None:
        """Note when the epoch started."""
        self.started = time.perf_counter()

    def on_validation_start(self, *rest: Any) -> None:
        """Note when the validation started."""
        self.asked = time.perf_counter()

    def on_validation_end(self, *rest: Any) -> None:
        """Note how long an image takes to be predicted."""
        self.validating = (time.perf_counter() - self.asked) / self.rows

    def should_early_stop(self, trainer: Any, progress_tracker: Any, is_coordinator: bool) -> bool:
        """Whether the time is over, asked after each epoch's validation."""
        now = time.perf_counter()
        self.longest = max(self.longest, now - self.started)
        later = 2 * self.test * self.validating + SPARE  # predicting also reads the images
        return now + self.longest + later > BEGIN + JOB["budget_seconds"]


def settings(side: int, classes: int) -> dict[str, Any]:
    """The Ludwig configuration: what is given by the job, and the tool's defaults for the rest."""
    checkpoint = f"local-dir:{FOLDER}" if FOLDER else JOB["backbone"]["name"]
    return {
        "input_features": [
            {
                "name": "image",
                "type": "image",
                "encoder": {"type": "timm", "checkpoint": checkpoint},
                "preprocessing": {"height": side, "width": side, "num_channels": 3, "num_processes": 1},
                "augmentation": [{"type": "random_horizontal_flip"}],
            }
        ],
        "output_features": [{"name": "label", "type": "category"}],
        "preprocessing": {"split": {"type": "random", "probabilities": SPLIT}},
        "trainer": {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": RATE},
    }


def main() -> None:
    """Do the job and write ``logits.npy`` and ``entry.json``."""
    ludwig.backend.base.ThreadPoolExecutor = functools.partial(ThreadPoolExecutor, JOB["threads"])
    classes, out = JOB["classes"], Path(sys.argv[2]).resolve()
    names = {name: f"class{index:05}" for index, name in enumerate(classes)}  # safe in the names of columns
    train = pd.read_csv(JOB["train"], dtype=str, keep_default_na=False)
    train["label"] = train["label"].map(names)
    test = pd.read_csv(JOB["test"], dtype=str, keep_default_na=False)
    name = f"local-dir:{FOLDER}" if FOLDER else JOB["backbone"]["name"]
    side = JOB["image_size"] or timm.create_model(name).pretrained_cfg["input_size"][1]
    config, clock = settings(side, len(classes)), Clock(len(test))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # Ludwig leaves files in the folder it runs in
        model = LudwigModel(config, backend="local", callbacks=[clock])
        torch.set_num_threads(JOB["threads"])
        done = model.train(
            dataset=train,
            random_seed=JOB["seed"],
            output_directory=folder,
            skip_save_processed_input=True,
            skip_save_log=True,
            skip_save_progress=True,
        )
        curve = [float(each) for each in done.train_stats.validation["label"]["accuracy_micro"]]
        losses = [float(each) for each in done.train_stats.validation["label"]["loss"]]
        guesses, _ = model.predict(dataset=test, batch_size=BATCH, skip_save_predictions=True)
    rows = np.stack(
        [
            guesses.get(f"label_probabilities_{each}", pd.Series(0.0, guesses.index))
            for each in names.values()
        ],
        axis=1,
    )
    np.save(out / "logits.npy", np.log(np.maximum(rows, 1e-30)).astype(np.float32), allow_pickle=False)
    kept = int(np.argmin(losses))
    params = {"batch_size": BATCH, "learning_rate": RATE, "optimizer": "adam", "image_size": side}
    entry = {
        "plugin": "ludwig",
        "version": version("ludwig"),
        "val": curve[kept],
        "params": {**params, "epoch": kept + 1},
        "trials": [{"params": {**params, "epoch": i + 1}, "val": each} for i, each in enumerate(curve)],
        "chosen": kept,
        "notes": [
            "One training, no search: Ludwig's AutoML knows only Ludwig's own encoders.",
            "The checkpoint was registered as an encoder; images are resized to squares, without a crop.",
            "The trials are the epochs; the one of the lowest validation loss was kept.",
            f"Ludwig was imported in {IMPORTED - BEGIN:.0f} seconds.",
        ],
        "versions": {each: version(each) for each in ("torch", "timm")},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
