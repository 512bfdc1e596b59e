"""Pretrain the embedded default backbone by distilling a MobileNetV2 into a small ResNet.

    python benchmarks/tiny/pretrain.py --data tiny_imagenet_part.zip --teacher mobilenetv2_100.in1k --out tiny

Expect about an hour on 2 CPU cores. The measured accuracy is written to ``OUT/README.md`` next to the
weights. ``--data`` is a zip with ``train/<wnid>/*``, ``test/<wnid>/*`` and ``classes.tsv`` (wnid, tab, name).

The teacher's features of ``--views`` random crops of every image are computed once. The student is trained on
the same crops (consistent teaching: Beyer et al., "Knowledge distillation: a good teacher is patient and
consistent", CVPR 2022). It has three losses: the labels, the teacher's class probabilities, and the direction
of the teacher's features, which contains information beyond these 200 classes.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from card import Pretraining, write_folder
from safetensors.torch import save_model
from source import MEAN, SIZE, STD, augment, crops, read, standardise
from torch import Tensor, nn

ARCHITECTURE = "resnet18"
MODEL_ARGS = {
    "layers": [2, 2, 2, 1],
    "channels": [32, 56, 96, 160],
    "stem_type": "deep",
    "stem_width": 16,
    "output_stride": 16,
}
TEMPERATURE = 2.0
"""Temperature of the class probabilities in the distillation loss."""
HELD_OUT = 1000
"""Number of training images that measure the validation accuracy."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """Training images with the targets of the distillation.

    Attributes:
        labels: Class indices (images,).
        views: Random crops, each uint8 (images, 3, 64, 64).
        features: The teacher's features of each view, half precision (images, width).
        weight: Weights of the teacher's classifier for the classes (classes, width).
        bias: Biases of the teacher's classifier for the classes (classes,).
    """

    labels: Tensor
    views: list[Tensor]
    features: list[Tensor]
    weight: Tensor
    bias: Tensor


@torch.inference_mode()
def features_of(teacher: nn.Module, images: Tensor, *, size: int) -> Tensor:
    """Return the teacher's pooled features of enlarged images, half precision (n, 1280).

    Args:
        teacher: The teacher.
        images: Images, uint8 (n, 3, 64, 64).
        size: Size in pixels that the images are enlarged to.
    """
    rows = []
    for batch in images.split(128):
        x = F.interpolate(batch.float() / 127.5 - 1, size=size, mode="bilinear")
        x = x.to(memory_format=torch.channels_last)
        rows.append(teacher.forward_head(teacher.forward_features(x), pre_logits=True).half())  # (b, 1280)
    return torch.cat(rows)


@torch.no_grad()
def recompute_statistics(model: nn.Module, images: Tensor) -> None:
    """Compute the BatchNorm statistics from images without augmentation.

    The statistics of the training come from augmented, smaller images.
    """
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    model.train()
    for batch in images.split(256):
        model(standardise(batch.float() / 255))
    for norm in norms:
        norm.momentum = 0.1


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the top-1 accuracy in eval mode at 64 px."""
    model.eval()
    hits = [
        (model(standardise(x.float() / 255)).argmax(1) == y).float()
        for x, y in zip(images.split(256), labels.split(256), strict=True)
    ]
    model.train()
    return float(torch.cat(hits).mean())


def load_teacher(folder: Path, wnids: list[str]) -> tuple[nn.Module, Tensor, Tensor]:
    """Return the teacher, and weight and bias of its classifier for the classes."""
    teacher = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    teacher = teacher.to(memory_format=torch.channels_last)
    label_names = teacher.pretrained_cfg["label_names"]
    columns = torch.tensor([label_names.index(wnid) for wnid in wnids])
    classifier = teacher.get_classifier()
    return teacher, classifier.weight.detach()[columns], classifier.bias.detach()[columns]


def loss_of(
    student: nn.Module, bridge: nn.Module, x: Tensor, y: Tensor, goal: Tensor, data: Teaching
) -> Tensor:
    """Return the sum of the losses of labels, class probabilities and feature direction.

    Args:
        student: The student.
        bridge: Linear layer from the student's features to the teacher's.
        x: Augmented images in [0, 1], (b, 3, s, s).
        y: Labels (b,).
        goal: The teacher's features (b, width).
        data: The teacher's classifier.
    """
    pooled = student.forward_head(student.forward_features(standardise(x)), pre_logits=True)
    logits = student.get_classifier()(pooled)  # (b, classes)
    soft = F.softmax((goal @ data.weight.T + data.bias) / TEMPERATURE, dim=1)
    log_probabilities = F.log_softmax(logits / TEMPERATURE, 1)
    loss = 0.4 * F.cross_entropy(logits, y, label_smoothing=0.1)
    loss = loss + F.kl_div(log_probabilities, soft, reduction="batchmean") * TEMPERATURE
    return loss + 4 * (1 - F.cosine_similarity(bridge(pooled), goal, dim=1)).mean()


def train(
    student: nn.Module, data: Teaching, validation: tuple[Tensor, Tensor], args: argparse.Namespace
) -> None:
    """Train the student, and print the validation accuracy after each epoch.

    Args:
        student: The student.
        data: Images and targets.
        validation: Held-out images and labels.
        args: The command line.
    """
    rng, started = random.Random(args.seed), time.monotonic()
    bridge = nn.Linear(student.num_features, data.weight.shape[1])
    trained = [*student.parameters(), *bridge.parameters()]
    decayed = [p for p in trained if p.ndim > 1]
    others = [p for p in trained if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.03}, {"params": others, "weight_decay": 0.0}],
        lr=args.lr,
        fused=True,
    )
    steps = len(data.labels) // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, args.lr, total_steps=args.epochs * steps, pct_start=0.1, anneal_strategy="cos"
    )
    print(f"{sum(p.numel() for p in student.parameters()):,} parameters, {steps} steps per epoch", flush=True)
    for epoch in range(args.epochs):
        view, features = data.views[epoch % args.views], data.features[epoch % args.views]
        order, total = torch.randperm(len(data.labels)), 0.0
        for step in range(steps):
            rows = order[step * args.batch : (step + 1) * args.batch]
            x = view[rows].float() / 255
            if rng.random() < 0.5:
                x = x.flip(-1)
            x = augment(x, rng)
            loss = loss_of(student, bridge, x, data.labels[rows], features[rows].float(), data)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        val, took = accuracy(student, *validation), time.monotonic() - started
        print(f"epoch {epoch + 1}: loss {total / steps:.3f} val {val:.3f} {took:.0f} s", flush=True)
        if epoch % 4 == 3:
            save_model(student, str(args.out.with_suffix(".partial.safetensors")))


def main() -> None:
    """Run the command."""
    args = _arguments()
    torch.manual_seed(args.seed)
    started = time.monotonic()
    parts, wnids, names = read(args.data)
    images, labels = parts["train"]
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(args.seed))
    held, kept = order[:HELD_OUT], order[HELD_OUT:]
    if args.limit:
        kept = kept[: args.limit]
    validation = images[held], labels[held]

    teacher, weight, bias = load_teacher(args.teacher, wnids)
    logits = features_of(teacher, validation[0], size=args.teacher_size).float() @ weight.T + bias
    correct = float((logits.argmax(1) == validation[1]).float().mean())
    print(f"accuracy of the teacher at {args.teacher_size} px: {correct:.3f}")
    views = [crops(images[kept], seed=args.seed + k) for k in range(args.views)]
    features = [features_of(teacher, view, size=args.teacher_size) for view in views]
    print(f"features of the teacher computed after {time.monotonic() - started:.0f} s", flush=True)

    student = timm.create_model(ARCHITECTURE, num_classes=len(wnids), **MODEL_ARGS)
    student = student.to(memory_format=torch.channels_last)
    train(student, Teaching(labels[kept], views, features, weight, bias), validation, args)
    recompute_statistics(student, images[kept])
    pretraining = Pretraining(
        architecture=ARCHITECTURE,
        model_args=MODEL_ARGS,
        wnids=wnids,
        names=names,
        mean=MEAN,
        std=STD,
        size=SIZE,
        epochs=args.epochs,
        views=args.views,
        validation=accuracy(student, *validation),
        test=accuracy(student, *parts["test"]),
        minutes=(time.monotonic() - started) / 60,
    )
    print(f"accuracy: validation {pretraining.validation:.3f}, test {pretraining.test:.3f}")
    write_folder(args.out, student, images, pretraining, standardise=standardise)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--views", type=int, default=3)
    parser.add_argument("--teacher-size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=26)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=int, default=0, help="number of images, to try the script out")
    return parser.parse_args()


if __name__ == "__main__":
    main()
