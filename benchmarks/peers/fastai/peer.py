"""fastai as its documentation teaches it: a vision learner, ``lr_find``, ``fine_tune``.

Run by ``python -m benchmarks.peers run fastai JOB.json OUT``; the job and what is written are described in
the README of the folder above.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before the imports below, which the budget pays for too

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from copy import deepcopy  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
os.environ.setdefault("OMP_NUM_THREADS", str(JOB["threads"]))  # read when torch is imported
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

VALID = 0.2
BATCH, SMALLEST, BATCHES = 64, 16, 20
"""fastai's default, halved down to the smallest while an epoch has fewer batches than these."""
EPOCHS = 30
BASE_LR = 2e-3
"""fastai's own default, for budgets that cannot pay for ``lr_find``."""
SEARCH, FEWEST, MOST = 0.2, 40, 100
"""Share of the budget that ``lr_find`` may take; its fewest iterations that make a curve, and its default."""
SPARE = 1.0
"""Seconds kept for writing the files and for ending."""


class Deadline(Callback):
    """Ends the training when its time is over."""

    def __init__(self, end: float):
        self.end, self.reached = end, False

    def after_batch(self) -> None:
        """Called by fastai after every batch."""
        if self.training and time.perf_counter() > self.end:
            self.reached = True
            raise CancelFitException


@dataclass(frozen=True, slots=True)
class Pace:
    """Measured seconds: of a training step, and of predicting an image."""

    step: float
    image: float


def batch_size(images: int) -> int:
    """The images of a batch, for a training part of so many."""
    size = BATCH
    while size > SMALLEST and images < BATCHES * size:
        size //= 2
    return min(size, images)


def loaders(size: int, seed: int) -> ImageDataLoaders:
    """The training data as in the book of fastai: a random fifth for validation, crops, augmentations."""
    frame = pd.read_csv(JOB["train"], dtype=str, keep_default_na=False)
    valid = max(VALID, 1.01 / len(frame))  # at least one image
    return ImageDataLoaders.from_df(
        frame,
        path="/",
        fn_col="image",
        label_col="label",
        valid_pct=valid,
        seed=seed,
        # all classes, though a class of few images may have none in the training part
        y_block=CategoryBlock(vocab=JOB["classes"]),
        item_tfms=RandomResizedCrop(size, min_scale=0.5),
        batch_tfms=aug_transforms(),
        bs=batch_size(len(frame) - int(valid * len(frame))),
        num_workers=0 if JOB["device"] == "cpu" else JOB["threads"],
        device=torch.device(JOB["device"]),
    )


def network(size: int | None) -> tuple[str, int, dict[str, int]]:
    """The name timm knows the weights by, the image size, and what timm must be told to build for it."""
    folder = JOB["backbone"]["folder"]
    name = f"local-dir:{folder}" if folder else JOB["backbone"]["name"]
    config = timm.create_model(name, pretrained=False).default_cfg
    own = config["input_size"][1]
    size = size or own
    return name, size, {"img_size": size} if config.get("fixed_input_size") and size != own else {}


def measure(learn: Learner) -> Pace:
    """Time training steps of the whole network and a predicted batch."""
    model = deepcopy(learn.model).train()  # the learner's own stays as it is
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    steps = []
    for _ in range(4):
        begin = time.perf_counter()
        images, labels = learn.dls.train.one_batch()
        learn.loss_func(model(images), labels).backward()
        float(next(model.parameters()).grad.sum())  # a GPU answers only when it is done
        steps.append(time.perf_counter() - begin)
    step = min(steps)  # the first warms up; of the others the fastest, as the frozen epoch leaves some slack
    model.eval()
    begin = time.perf_counter()
    images, _ = learn.dls.valid.one_batch()
    with torch.no_grad():
        model(images).cpu()
    return Pace(step, (time.perf_counter() - begin) / len(images))


def find_lr(learn: Learner, pace: Pace, budget: float) -> float | None:
    """What ``lr_find`` suggests; None if the budget has no time for it."""
    iterations = min(MOST, int(SEARCH * budget / pace.step))
    if iterations < FEWEST:
        return None
    return float(learn.lr_find(num_it=iterations, show_plot=False).valley)


def main() -> None:
    """Do the job and write ``logits.npy`` and ``entry.json``."""
    out, seed, budget = Path(sys.argv[2]), JOB["seed"], JOB["budget_seconds"]
    torch.set_num_threads(JOB["threads"])
    set_seed(seed)
    arch, size, extra = network(JOB["image_size"])
    dls = loaders(size, seed)
    test = pd.read_csv(JOB["test"], dtype=str, keep_default_na=False)
    with tempfile.TemporaryDirectory() as scratch:  # lr_find keeps the first weights there
        learn = vision_learner(dls, arch, metrics=accuracy, path=scratch, **extra)
        pace = measure(learn)
        with learn.no_bar(), learn.no_logging():
            suggested = find_lr(learn, pace, budget)
            lr = BASE_LR if suggested is None else suggested
            end = START + budget - SPARE - 1.1 * pace.image * len(test)
            epoch = len(dls.train) * pace.step + len(dls.valid_ds) * pace.image
            fitting = min(1 + EPOCHS, int((end - time.perf_counter()) / epoch))
            deadline = Deadline(end)
            if fitting >= 2:
                learn.fine_tune(fitting - 1, lr, cbs=deadline)
            else:  # no time for the second half of fine_tune: the first is its best use
                learn.fit_one_cycle(1, slice(lr), cbs=deadline)
            val = None if deadline.reached else float(learn.recorder.values[-1][-1])
            logits, _ = learn.get_preds(dl=dls.test_dl(test), act=lambda logits: logits)
    np.save(out / "logits.npy", logits.float().cpu().numpy(), allow_pickle=False)
    params = {
        "base_lr": lr,
        "lr_found": suggested is not None,
        "frozen_epochs": 1,
        "epochs": max(fitting - 1, 0),
        "batch_size": dls.train.bs,
        "image_size": size,
    }
    notes = [
        f"{len(dls.valid_ds)} random images were held out for the validation accuracy only, as fastai does."
    ]
    if suggested is None:
        notes.append("The budget had no time for lr_find: fastai's default learning rate was used.")
    if fitting < 2:
        notes.append(
            "The budget had no time for fine_tune: the head and BatchNorm were trained for an epoch."
        )
    if deadline.reached:
        notes.append("The budget ended before the planned epochs did.")
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
