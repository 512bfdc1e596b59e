"""The recipe that a good engineer writes with PyTorch and timm: fine-tune everything, once, within a budget.

Run by ``python -m benchmarks.peers run plain JOB.json OUT``; the job and what is written are described in
the README of the folder above.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before the imports below, which the budget pays for too

import csv  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
os.environ.setdefault("OMP_NUM_THREADS", str(JOB["threads"]))  # read when torch is imported
if JOB["backbone"]["folder"]:
    os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

HOLDOUT = 0.15
BATCH = 32
EPOCHS = 30
LR, HEAD_LR, WEIGHT_DECAY = 1e-4, 3e-3, 0.01
WARMUP = 0.1
SMOOTHING = 0.1
SCALE = (0.35, 1.0)
SPARE = 1.0
"""Seconds kept for writing the files and for ending."""


class Images(Dataset[tuple[torch.Tensor, int]]):
    """Image files, decoded as RGB whatever they hold, and their labels (-1 where unknown)."""

    def __init__(self, files: list[str], labels: list[int], transform: object):
        self.files, self.labels, self.transform = files, labels, transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB")), self.labels[index]


def column(file: str, name: str) -> list[str]:
    """One column of a CSV file."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def holdout(labels: list[int], rng: random.Random) -> set[int]:
    """Rows kept for validation: a share of every class, of a class of few images none at all."""
    held: set[int] = set()
    for label in sorted(set(labels)):
        own = [row for row, each in enumerate(labels) if each == label]
        held |= set(rng.sample(own, round(HOLDOUT * len(own))))
    return held


def create(classes: int, side: int | None) -> tuple[nn.Module, dict[str, object]]:
    """The pretrained network with a new head, and its data configuration for the wanted image size."""
    folder = JOB["backbone"]["folder"]
    name = f"local-dir:{folder}" if folder else JOB["backbone"]["name"]
    model = timm.create_model(name, pretrained=True, num_classes=classes)
    config = timm.data.resolve_model_data_config(model)
    if side is not None and config["input_size"][1:] != (side, side):
        if model.pretrained_cfg.get("fixed_input_size"):  # position embeddings are resampled to the new size
            model = timm.create_model(name, pretrained=True, num_classes=classes, img_size=side)
        config["input_size"] = (3, side, side)
    return model, config


def rate(progress: float) -> float:
    """The learning rate as a share of its peak: linear warm-up, then half a cosine down to zero."""
    if progress < WARMUP:
        return max(progress, 0.01) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - WARMUP) / (1 - WARMUP))))


def autocast(device: torch.device) -> torch.autocast:
    """Bfloat16 where there is a GPU, full precision elsewhere."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


@torch.inference_mode()
def predict(model: nn.Module, loader: DataLoader, device: torch.device) -> torch.Tensor:
    """Log-probabilities, in the order of the loader."""
    model.eval()
    rows = []
    for images, _ in loader:
        with autocast(device):
            logits = model(images.to(device, memory_format=torch.channels_last))
        rows.append(F.log_softmax(logits.float(), dim=1).cpu())
    return torch.cat(rows)


def prediction(model: nn.Module, loader: DataLoader, device: torch.device) -> float:
    """Seconds that an image takes to be decoded and predicted: those of the second batch timed."""
    for _ in range(2):
        begin = time.perf_counter()
        batch = next(iter(loader))
        predict(model, [batch], device)
    return (time.perf_counter() - begin) / len(batch[0])


def train(model: nn.Module, loader: DataLoader, device: torch.device, *, end: float) -> int:
    """Train until ``end`` or for ``EPOCHS`` and return the number of steps.

    The schedule follows the share of the time or of the steps that is over, whichever is larger: the
    learning rate comes down to zero whatever the machine is doing, and no step has to be timed beforehand.
    """
    head = list(model.get_classifier().parameters())
    for parameter in head:
        # for few classes timm starts some families' heads so large that the first steps wreck the body
        nn.init.zeros_(parameter)
    own = {id(parameter) for parameter in head}
    body = [parameter for parameter in model.parameters() if id(parameter) not in own]
    peaks = [LR, HEAD_LR]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": head}], weight_decay=WEIGHT_DECAY)
    begin, most, step = time.perf_counter(), EPOCHS * len(loader), 0
    model.train()
    for module in model.modules():
        # batches are small and few: the statistics of the weights are better than theirs
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    while step < most:
        for images, labels in loader:
            progress = max(step / most, (time.perf_counter() - begin) / max(end - begin, 1e-6))
            if progress >= 1:
                return step
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * rate(progress)
            with autocast(device):
                logits = model(images.to(device, memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), labels.to(device), label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return step


def main() -> None:
    """Do the job and write ``logits.npy`` and ``entry.json``."""
    seed, threads, classes = JOB["seed"], JOB["threads"], JOB["classes"]
    device = torch.device(JOB["device"])
    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    model, config = create(len(classes), JOB["image_size"])
    model.to(device, memory_format=torch.channels_last)
    augment = timm.data.create_transform(**config, is_training=True, scale=SCALE, color_jitter=None)
    fixed = timm.data.create_transform(**config, is_training=False)
    files = column(JOB["train"], "image")
    labels = [classes.index(name) for name in column(JOB["train"], "label")]
    held = holdout(labels, random.Random(seed))
    own = [row for row in range(len(files)) if row not in held]
    workers = 0 if device.type == "cpu" else threads  # on a CPU, workers would only take the training's core

    def loader(rows: list[int], *, training: bool) -> DataLoader:
        data = Images(
            [files[row] for row in rows], [labels[row] for row in rows], augment if training else fixed
        )
        # a last batch of one image would leave BatchNorm nothing to normalise by
        drop = training and len(rows) > BATCH
        return DataLoader(data, BATCH, shuffle=training, drop_last=drop, num_workers=workers)

    test = column(JOB["test"], "image")
    unseen = DataLoader(Images(test, [-1] * len(test), fixed), BATCH, num_workers=workers)
    later = 1.1 * (len(test) + len(held)) * prediction(model, unseen, device)
    batches = loader(own, training=True)
    steps = train(model, batches, device, end=START + JOB["budget_seconds"] - SPARE - later)
    val = None
    if held:
        rows = sorted(held)
        guessed = predict(model, loader(rows, training=False), device).argmax(1)
        val = float((guessed == torch.tensor([labels[row] for row in rows])).float().mean())
    np.save(Path(sys.argv[2]) / "logits.npy", predict(model, unseen, device).numpy(), allow_pickle=False)
    params = {
        "optimizer": "adamw",
        "lr": LR,
        "head_lr": HEAD_LR,
        "weight_decay": WEIGHT_DECAY,
        "label_smoothing": SMOOTHING,
        "batch_size": BATCH,
        "crop_scale": list(SCALE),
        "image_size": config["input_size"][1],
        "steps": steps,
        "epochs": round(steps / len(batches), 2),
    }
    notes = [f"{HOLDOUT:.0%} of each class were held out for the validation accuracy only."]
    entry = {
        "plugin": "timm",
        "version": timm.__version__,
        "val": val,
        "params": params,
        "trials": [{"params": params, "val": val}],
        "chosen": 0,
        "notes": notes,
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
    }
    (Path(sys.argv[2]) / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
