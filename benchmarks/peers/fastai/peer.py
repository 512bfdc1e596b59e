"""Train with fastai as documented: a vision learner, ``lr_find`` and ``fine_tune``.

Run by ``python -m benchmarks.peers run fastai JOB.json OUT``. The README of the parent folder describes the
job and the output.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before the imports below, because the budget includes them

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from copy import deepcopy  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
os.environ.setdefault("OMP_NUM_THREADS", str(JOB["threads"]))  # torch reads it at import
if JOB["backbone"]["folder"]:
    os.environ["HF_HUB_OFFLINE"] = "1"

import fastai  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
from fastai.callback.core import Callback, CancelFitException  # noqa: E402
from fastai.callback.schedule import fine_tune, fit_one_cycle, lr_find  # noqa: E402, F401  (for Learner)
from fastai.data.block import CategoryBlock  # noqa: E402
from fastai.learner import Learner  # noqa: E402
from fastai.metrics import accuracy  # noqa: E402
from fastai.torch_core import set_seed  # noqa: E402
from fastai.vision.augment import RandomResizedCrop, aug_transforms  # noqa: E402
from fastai.vision.data import ImageDataLoaders  # noqa: E402
from fastai.vision.learner import vision_learner  # noqa: E402

VALIDATION = 0.2
"""Fraction of the training images for validation."""
BATCH, MIN_BATCH, MIN_BATCHES = 64, 16, 20
"""fastai's default batch size, halved down to the smallest while an epoch has fewer batches."""
EPOCHS = 30
BASE_LR = 2e-3
"""fastai's default learning rate, for budgets without time for ``lr_find``."""
SEARCH, MIN_ITERATIONS, MAX_ITERATIONS = 0.2, 40, 100
"""Largest fraction of the budget for ``lr_find``; fewest useful iterations, and fastai's default number."""
RESERVE = 1.0
"""Seconds reserved for writing the files and for the end of the process."""


class Deadline(Callback):
    """A callback that ends the training at a time."""

    def __init__(self, end: float):
        self.end, self.reached = end, False

    def after_batch(self) -> None:
        """Cancel the training if the time is reached."""
        if self.training and time.perf_counter() > self.end:
            self.reached = True
            raise CancelFitException


@dataclass(frozen=True, slots=True)
class Pace:
    """Measured seconds of a training step, and of the prediction of an image."""

    step: float
    image: float


def batch_size(images: int) -> int:
    """Return the batch size for a number of training images."""
    size = BATCH
    while size > MIN_BATCH and images < MIN_BATCHES * size:
        size //= 2
    return min(size, images)


def loaders(size: int, seed: int) -> ImageDataLoaders:
    """Load the training data as in the fastai book: random validation set, crops and augmentations."""
    frame = pd.read_csv(JOB["train"], dtype=str, keep_default_na=False)
    valid = max(VALIDATION, 1.01 / len(frame))  # at least one image
    return ImageDataLoaders.from_df(
        frame,
        path="/",
        fn_col="image",
        label_col="label",
        valid_pct=valid,
        seed=seed,
        # all classes, because the training set may lack images of a small class
        y_block=CategoryBlock(vocab=JOB["classes"]),
        item_tfms=RandomResizedCrop(size, min_scale=0.5),
        batch_tfms=aug_transforms(),
        bs=batch_size(len(frame) - int(valid * len(frame))),
        num_workers=0 if JOB["device"] == "cpu" else JOB["threads"],
        device=torch.device(JOB["device"]),
    )


def network(size: int | None) -> tuple[str, int, dict[str, int]]:
    """Return name and image size of the network, and the arguments that timm needs for this size."""
    folder = JOB["backbone"]["folder"]
    name = f"local-dir:{folder}" if folder else JOB["backbone"]["name"]
    config = timm.create_model(name, pretrained=False).default_cfg
    default = config["input_size"][1]
    size = size or default
    return name, size, {"img_size": size} if config.get("fixed_input_size") and size != default else {}


def measure(learn: Learner) -> Pace:
    """Measure training steps of the whole network and the prediction of a batch."""
    model = deepcopy(learn.model).train()  # a copy, so that the learner's model does not change
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    steps = []
    for _ in range(4):
        started = time.perf_counter()
        images, labels = learn.dls.train.one_batch()
        learn.loss_func(model(images), labels).backward()
        float(next(model.parameters()).grad.sum())  # waits for the GPU
        steps.append(time.perf_counter() - started)
    step = min(steps)  # the first is a warm-up; the fastest, because the frozen epoch takes less time
    model.eval()
    started = time.perf_counter()
    images, _ = learn.dls.valid.one_batch()
    with torch.no_grad():
        model(images).cpu()
    return Pace(step, (time.perf_counter() - started) / len(images))


def find_lr(learn: Learner, pace: Pace, budget: float) -> float | None:
    """Return the learning rate of ``lr_find``, or None if the budget has no time for it.

    Args:
        learn: The learner.
        pace: Measured seconds.
        budget: The budget in seconds.
    """
    iterations = min(MAX_ITERATIONS, int(SEARCH * budget / pace.step))
    if iterations < MIN_ITERATIONS:
        return None
    return float(learn.lr_find(num_it=iterations, show_plot=False).valley)


def main() -> None:
    """Run the job, and write ``logits.npy`` and ``entry.json``."""
    out, seed, budget = Path(sys.argv[2]), JOB["seed"], JOB["budget_seconds"]
    torch.set_num_threads(JOB["threads"])
    set_seed(seed)
    arch, size, extra = network(JOB["image_size"])
    dls = loaders(size, seed)
    test = pd.read_csv(JOB["test"], dtype=str, keep_default_na=False)
    with tempfile.TemporaryDirectory() as scratch:  # for the initial weights during lr_find
        learn = vision_learner(dls, arch, metrics=accuracy, path=scratch, **extra)
        pace = measure(learn)
        with learn.no_bar(), learn.no_logging():
            suggested = find_lr(learn, pace, budget)
            lr = suggested or BASE_LR
            end = START + budget - RESERVE - 1.1 * pace.image * len(test)
            epoch = len(dls.train) * pace.step + len(dls.valid_ds) * pace.image
            planned = min(1 + EPOCHS, int((end - time.perf_counter()) / epoch))
            deadline = Deadline(end)
            if planned >= 2:
                learn.fine_tune(planned - 1, lr, cbs=deadline)
            else:  # no time for the second part of fine_tune
                learn.fit_one_cycle(1, slice(lr), cbs=deadline)
            val = None if deadline.reached else float(learn.recorder.values[-1][-1])
            logits, _ = learn.get_preds(dl=dls.test_dl(test), act=lambda logits: logits)
    np.save(out / "logits.npy", logits.float().cpu().numpy(), allow_pickle=False)
    params = {
        "base_lr": lr,
        "lr_found": suggested is not None,
        "frozen_epochs": 1,
        "epochs": max(planned - 1, 0),
        "batch_size": dls.train.bs,
        "image_size": size,
    }
    notes = [f"{len(dls.valid_ds)} random images were used only for the validation accuracy, as fastai does."]
    write_entry(out, val, params, notes + limits(suggested, planned, deadline))


def limits(suggested: float | None, planned: int, deadline: Deadline) -> list[str]:
    """Return notes on what the budget had no time for.

    Args:
        suggested: The learning rate of ``lr_find``.
        planned: Planned epochs, including the frozen epoch.
        deadline: The end of the training.
    """
    notes = []
    if suggested is None:
        notes.append("The budget had no time for lr_find: fastai's default learning rate was used.")
    if planned < 2:
        notes.append(
            "The budget had no time for fine_tune: only head and BatchNorm were trained for an epoch."
        )
    if deadline.reached:
        notes.append("The budget ended before the planned epochs.")
    return notes


def write_entry(out: Path, val: float | None, params: dict[str, object], notes: list[str]) -> None:
    """Write ``entry.json``.

    Args:
        out: The folder.
        val: Validation accuracy, in [0, 1]; None if it was not measured.
        params: Settings of the training.
        notes: Notes for readers of the benchmark.
    """
    entry = {
        "plugin": "fastai",
        "version": fastai.__version__,
        "val": val,
        "params": params,
        "trials": [{"params": params, "val": val}],
        "chosen": 0,
        "notes": notes,
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
