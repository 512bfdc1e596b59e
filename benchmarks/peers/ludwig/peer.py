"""Train with Ludwig: one training from a configuration, which ends with the budget.

Run by ``python -m benchmarks.peers run ludwig JOB.json OUT``. The README of the parent folder describes the
job and the output.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before the imports below, because the budget includes them

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
os.environ["OMP_NUM_THREADS"] = str(JOB["threads"])  # torch reads it at import
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
"""Ludwig's own fractions of training and validation images, without a test set."""

BATCH, LEARNING_RATE, EPOCHS = 32, 1e-3, 100
RESERVE = 2.0
"""Seconds reserved for writing the files and for the end of the process."""


class TimeLimit(Callback):
    """A callback that ends the training if another epoch would leave no time for the test images."""

    def __init__(self, test_images: int) -> None:
        self.test_images = test_images
        self.longest_epoch = 0.0
        self.seconds_per_image = 0.0
        self.validation_images = 1

    def on_preprocess_end(self, training_set: Any, validation_set: Any, *rest: Any) -> None:
        """Store the number of validation images."""
        self.validation_images = max(1, len(validation_set)) if validation_set is not None else 1

    def on_epoch_start(self, *rest: Any) -> None:
        """Store the start of the epoch."""
        self.epoch_started = time.perf_counter()

    def on_validation_start(self, *rest: Any) -> None:
        """Store the start of the validation."""
        self.validation_started = time.perf_counter()

    def on_validation_end(self, *rest: Any) -> None:
        """Measure the prediction of an image."""
        seconds = time.perf_counter() - self.validation_started
        self.seconds_per_image = seconds / self.validation_images

    def should_early_stop(self, trainer: Any, progress_tracker: Any, is_coordinator: bool) -> bool:
        """Return True if the time is over; Ludwig asks after each validation."""
        now = time.perf_counter()
        self.longest_epoch = max(self.longest_epoch, now - self.epoch_started)
        # twice, because the prediction also reads the images
        prediction = 2 * self.test_images * self.seconds_per_image + RESERVE
        return now + self.longest_epoch + prediction > START + JOB["budget_seconds"]


def settings(checkpoint: str, side: int) -> dict[str, Any]:
    """Return the Ludwig configuration: the job's settings, and the tool's defaults."""
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
        "trainer": {"epochs": EPOCHS, "batch_size": BATCH, "learning_rate": LEARNING_RATE},
    }


def main() -> None:
    """Run the job, and write ``logits.npy`` and ``entry.json``."""
    ludwig.backend.base.ThreadPoolExecutor = functools.partial(ThreadPoolExecutor, JOB["threads"])
    out = Path(sys.argv[2]).resolve()
    # Ludwig uses class names as column names, so they get safe names
    names = {name: f"class{index:05}" for index, name in enumerate(JOB["classes"])}
    train = pd.read_csv(JOB["train"], dtype=str, keep_default_na=False)
    train["label"] = train["label"].map(names)
    test = pd.read_csv(JOB["test"], dtype=str, keep_default_na=False)
    checkpoint = f"local-dir:{FOLDER}" if FOLDER else JOB["backbone"]["name"]
    side = JOB["image_size"] or timm.create_model(checkpoint).pretrained_cfg["input_size"][1]
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # Ludwig writes files to the working directory
        model = LudwigModel(settings(checkpoint, side), backend="local", callbacks=[TimeLimit(len(test))])
        torch.set_num_threads(JOB["threads"])
        done = model.train(
            dataset=train,
            random_seed=JOB["seed"],
            output_directory=folder,
            skip_save_processed_input=True,
            skip_save_log=True,
            skip_save_progress=True,
        )
        validation = done.train_stats.validation["label"]
        predictions, _ = model.predict(dataset=test, batch_size=BATCH, skip_save_predictions=True)
    rows = np.stack(
        [
            predictions.get(f"label_probabilities_{each}", pd.Series(0.0, predictions.index))
            for each in names.values()
        ],
        axis=1,
    )
    np.save(out / "logits.npy", np.log(np.maximum(rows, 1e-30)).astype(np.float32), allow_pickle=False)
    write_entry(
        out,
        accuracies=[float(each) for each in validation["accuracy_micro"]],
        losses=[float(each) for each in validation["loss"]],
        side=side,
    )


def write_entry(out: Path, *, accuracies: list[float], losses: list[float], side: int) -> None:
    """Write ``entry.json``.

    Args:
        out: The folder.
        accuracies: Validation accuracies of the epochs.
        losses: Validation losses of the epochs.
        side: Side of the images in pixels.
    """
    kept = int(np.argmin(losses))
    params = {"batch_size": BATCH, "learning_rate": LEARNING_RATE, "optimizer": "adam", "image_size": side}
    entry = {
        "plugin": "ludwig",
        "version": version("ludwig"),
        "val": accuracies[kept],
        "params": {**params, "epoch": kept + 1},
        "trials": [{"params": {**params, "epoch": i + 1}, "val": each} for i, each in enumerate(accuracies)],
        "chosen": kept,
        "notes": [
            "One training, no search: Ludwig's AutoML supports only Ludwig's own encoders.",
            "The checkpoint was registered as an encoder. Images are resized to squares, without a crop.",
            "The trials are the epochs. The epoch with the lowest validation loss was selected.",
            f"The import of Ludwig took {IMPORTED - START:.0f} seconds.",
        ],
        "versions": {each: version(each) for each in ("torch", "timm")},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
