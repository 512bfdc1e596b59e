"""Fine-tune a whole network once with PyTorch and timm, within a budget.

Run by ``python -m benchmarks.peers run plain JOB.json OUT``. The README of the parent folder describes the
job and the output.
"""

from __future__ import annotations

import time

START = time.perf_counter()  # before the imports below, because the budget includes them

import csv  # noqa: E402
import json  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

JOB = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
os.environ.setdefault("OMP_NUM_THREADS", str(JOB["threads"]))  # torch reads it at import
if JOB["backbone"]["folder"]:
    os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np  # noqa: E402
import timm  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from PIL import Image  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, Dataset  # noqa: E402

VALIDATION = 0.15
"""Fraction of each class for validation."""
BATCH = 32
EPOCHS = 30
LR, HEAD_LR, WEIGHT_DECAY = 1e-4, 3e-3, 0.01
WARMUP = 0.1
SMOOTHING = 0.1
SCALE = (0.35, 1.0)
RESERVE = 1.0
"""Seconds reserved for writing the files and for the end of the process."""


class Images(Dataset[tuple[torch.Tensor, int]]):
    """RGB images from files, with their labels (-1: unknown)."""

    def __init__(self, files: list[str], labels: list[int], transform: object):
        self.files, self.labels, self.transform = files, labels, transform

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.files[index]) as image:
            return self.transform(image.convert("RGB")), self.labels[index]


def column(file: str, name: str) -> list[str]:
    """Return a column of a CSV file."""
    with Path(file).open(newline="", encoding="utf-8") as lines:
        return [row[name] for row in csv.DictReader(lines)]


def validation_rows(labels: list[int], rng: random.Random) -> set[int]:
    """Return random rows for validation: a fraction of every class, none of a small class."""
    chosen: set[int] = set()
    for label in sorted(set(labels)):
        rows = [row for row, each in enumerate(labels) if each == label]
        chosen |= set(rng.sample(rows, round(VALIDATION * len(rows))))
    return chosen


def create(classes: int, side: int | None) -> tuple[nn.Module, dict[str, object]]:
    """Return the pretrained network with a new head, and its data configuration.

    The configuration has the image size ``side`` in pixels, or the default of the network if it is None.
    """
    folder = JOB["backbone"]["folder"]
    name = f"local-dir:{folder}" if folder else JOB["backbone"]["name"]
    model = timm.create_model(name, pretrained=True, num_classes=classes)
    config = timm.data.resolve_model_data_config(model)
    if side is not None and config["input_size"][1:] != (side, side):
        if model.pretrained_cfg.get("fixed_input_size"):  # timm resamples the position embeddings
            model = timm.create_model(name, pretrained=True, num_classes=classes, img_size=side)
        config["input_size"] = (3, side, side)
    return model, config


def lr_factor(progress: float) -> float:
    """Return the factor of the learning rate: linear warm-up, then a cosine to zero."""
    if progress < WARMUP:
        return max(progress, 0.01) / WARMUP
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - WARMUP) / (1 - WARMUP))))


def autocast(device: torch.device) -> torch.autocast:
    """Return a context with bfloat16 on a GPU, and full precision on a CPU."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda")


@torch.inference_mode()
def predict(model: nn.Module, loader: DataLoader, device: torch.device) -> torch.Tensor:
    """Return log-probabilities (images, classes), in the order of the loader."""
    model.eval()
    rows = []
    for images, _ in loader:
        with autocast(device):
            logits = model(images.to(device, memory_format=torch.channels_last))
        rows.append(F.log_softmax(logits.float(), dim=1).cpu())
    return torch.cat(rows)


def seconds_per_image(model: nn.Module, loader: DataLoader, device: torch.device) -> float:
    """Return the seconds to decode and predict an image, measured with the second of two batches."""
    for _ in range(2):
        started = time.perf_counter()
        batch = next(iter(loader))
        predict(model, [batch], device)
    return (time.perf_counter() - started) / len(batch[0])


def make_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """Return AdamW for body and head with their peak learning rates; the head is set to zero."""
    head = list(model.get_classifier().parameters())
    for parameter in head:
        # timm's initial heads for few classes are too large in some architectures: the first steps would
        # damage the body
        nn.init.zeros_(parameter)
    in_head = {id(parameter) for parameter in head}
    body = [parameter for parameter in model.parameters() if id(parameter) not in in_head]
    groups = [{"params": body, "peak": LR}, {"params": head, "peak": HEAD_LR}]
    return torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)


def train(model: nn.Module, loader: DataLoader, device: torch.device, *, end: float) -> int:
    """Train until ``end`` or for ``EPOCHS``, and return the number of steps.

    The schedule follows the fraction of the time or of the steps, whichever is larger. The learning rate
    therefore reaches zero at any speed of the machine, and no step has to be timed before.

    Args:
        model: The network.
        loader: Training batches.
        device: The device of the network.
        end: The end of the time, as a value of ``time.perf_counter``.
    """
    optimizer = make_optimizer(model)
    started, planned, step = time.perf_counter(), EPOCHS * len(loader), 0
    model.train()
    for module in model.modules():
        # batches are few and small, so the pretrained statistics are better
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    while step < planned:
        for images, labels in loader:
            elapsed = (time.perf_counter() - started) / max(end - started, 1e-6)
            progress = max(step / planned, elapsed)
            if progress >= 1:
                return step
            for group in optimizer.param_groups:
                group["lr"] = group["peak"] * lr_factor(progress)
            with autocast(device):
                logits = model(images.to(device, memory_format=torch.channels_last))
            loss = F.cross_entropy(logits.float(), labels.to(device), label_smoothing=SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
    return step


class Data:
    """The training and test images of the job.

    Attributes:
        labels: Class indices of the training images.
        validation: Sorted rows of the validation images.
        training: Rows of the other training images.
        test: Loader of the test images.
    """

    def __init__(self, config: dict[str, object], device: torch.device) -> None:
        self._augmented = timm.data.create_transform(
            **config, is_training=True, scale=SCALE, color_jitter=None
        )
        self._fixed = timm.data.create_transform(**config, is_training=False)
        self._files = column(JOB["train"], "image")
        # on a CPU, workers would only slow the training down
        self._workers = 0 if device.type == "cpu" else JOB["threads"]
        self.labels = [JOB["classes"].index(name) for name in column(JOB["train"], "label")]
        chosen = validation_rows(self.labels, random.Random(JOB["seed"]))
        self.validation = sorted(chosen)
        self.training = [row for row in range(len(self.labels)) if row not in chosen]
        files = column(JOB["test"], "image")
        self.test = DataLoader(
            Images(files, [-1] * len(files), self._fixed), BATCH, num_workers=self._workers
        )

    def loader(self, rows: list[int], *, training: bool) -> DataLoader:
        """Return a loader of training images, with or without augmentation."""
        transform = self._augmented if training else self._fixed
        images = Images([self._files[row] for row in rows], [self.labels[row] for row in rows], transform)
        # BatchNorm cannot normalise a last batch of one image
        drop = training and len(rows) > BATCH
        return DataLoader(images, BATCH, shuffle=training, drop_last=drop, num_workers=self._workers)


def main() -> None:
    """Run the job, and write ``logits.npy`` and ``entry.json``."""
    seed, out = JOB["seed"], Path(sys.argv[2])
    device = torch.device(JOB["device"])
    torch.set_num_threads(JOB["threads"])
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    model, config = create(len(JOB["classes"]), JOB["image_size"])
    model.to(device, memory_format=torch.channels_last)
    data = Data(config, device)
    images = len(data.test.dataset) + len(data.validation)
    prediction = 1.1 * images * seconds_per_image(model, data.test, device)
    batches = data.loader(data.training, training=True)
    steps = train(model, batches, device, end=START + JOB["budget_seconds"] - RESERVE - prediction)
    val = None
    if rows := data.validation:
        predicted = predict(model, data.loader(rows, training=False), device).argmax(1)
        val = float((predicted == torch.tensor([data.labels[row] for row in rows])).float().mean())
    np.save(out / "logits.npy", predict(model, data.test, device).numpy(), allow_pickle=False)
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
    write_entry(out, val, params)


def write_entry(out: Path, val: float | None, params: dict[str, object]) -> None:
    """Write ``entry.json``.

    Args:
        out: The folder.
        val: Validation accuracy, in [0, 1]; None if it was not measured.
        params: Settings of the training.
    """
    entry = {
        "plugin": "timm",
        "version": timm.__version__,
        "val": val,
        "params": params,
        "trials": [{"params": params, "val": val}],
        "chosen": 0,
        "notes": [f"{VALIDATION:.0%} of each class were used only for the validation accuracy."],
        "versions": {"torch": torch.__version__, "timm": timm.__version__},
    }
    (out / "entry.json").write_text(json.dumps(entry, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
