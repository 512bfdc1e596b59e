"""Pretrain the embedded default backbone by distilling a MobileNetV2 into a small ResNet.

    python benchmarks/tiny/pretrain.py --data tiny_imagenet_part.zip --teacher mobilenetv2_100.in1k --out tiny

Expect about an hour on 2 CPU cores; the measured accuracy is written into ``OUT/README.md`` beside the
weights. ``--data`` is a zip with ``train/<wnid>/*``, ``test/<wnid>/*`` and ``classes.tsv`` (wnid, tab, name).

The teacher looks at ``--views`` random crops of every image once; the student then trains on those same crops
(consistent teaching: Beyer et al., "Knowledge distillation: a good teacher is patient and consistent", CVPR
2022) with three losses: the labels, the teacher's class probabilities, and the direction of the teacher's
features, which carries what the teacher knows beyond these 200 classes.
"""

from __future__ import annotations

import argparse
import io
import math
import random
import time
import zipfile
from pathlib import Path

import numpy as np
import timm
import torch
import torch.nn.functional as F
from card import write_folder
from PIL import Image
from safetensors.torch import save_model
from torch import Tensor, nn

SIZE = 64
ARCHITECTURE = "resnet18"
MODEL_ARGS = {
    "layers": [2, 2, 2, 1],
    "channels": [32, 56, 96, 160],
    "stem_type": "deep",
    "stem_width": 16,
    "output_stride": 16,
}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read(path: Path) -> tuple[dict[str, tuple[Tensor, Tensor]], list[str], dict[str, str]]:
    """Both parts as uint8 images (n, 3, 64, 64) with labels, the sorted wnids, and their names."""
    with zipfile.ZipFile(path) as archive:
        rows = archive.read("classes.tsv").decode().strip().splitlines()
        names = dict(row.split("\t", 1) for row in rows)
        files = sorted(name for name in archive.namelist() if name.count("/") == 2 and not name.endswith("/"))
        wnids = sorted({name.split("/")[1] for name in files})
        parts = {}
        for part in ("train", "test"):
            chosen = [name for name in files if name.startswith(part + "/")]
            images = np.stack(
                [np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in chosen]
            )
            labels = torch.tensor([wnids.index(name.split("/")[1]) for name in chosen])
            parts[part] = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(), labels
    return parts, wnids, names


def crops(images: Tensor, *, seed: int) -> Tensor:
    """One random resized crop of each image, mirrored half the time; uint8 (n, 3, 64, 64)."""
    generator = torch.Generator().manual_seed(seed)
    out = torch.empty_like(images)
    for start in range(0, len(images), 1024):
        batch = images[start : start + 1024]
        n = len(batch)
        area = torch.empty(n).uniform_(0.3, 1.0, generator=generator)
        ratio = torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=generator).exp()
        width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
        x = (torch.rand(n, generator=generator) * 2 - 1) * (1 - width)
        y = (torch.rand(n, generator=generator) * 2 - 1) * (1 - height)
        flip = torch.randint(0, 2, (n,), generator=generator) * 2.0 - 1
        theta = torch.zeros(n, 2, 3)
        theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1], theta[:, 1, 2] = width * flip, x, height, y
        grid = F.affine_grid(theta, [n, 3, SIZE, SIZE], align_corners=False)
        view = F.grid_sample(
            batch.float(), grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        out[start : start + 1024] = view.round().clamp(0, 255).byte()
    return out


@torch.inference_mode()
def look(teacher: nn.Module, images: Tensor, *, size: int) -> Tensor:
    """The teacher's pooled features of the images enlarged to ``size``; half precision (n, 1280)."""
    rows = []
    for batch in images.split(128):
        x = F.interpolate(batch.float() / 127.5 - 1, size=size, mode="bilinear")
        x = x.to(memory_format=torch.channels_last)
        rows.append(teacher.forward_head(teacher.forward_features(x), pre_logits=True).half())  # (b, 1280)
    return torch.cat(rows)


def disturb(x: Tensor, rng: random.Random) -> Tensor:
    """Colour, contrast, grey, low-resolution and size changes of a batch in [0, 1]; (b, 3, s, s)."""
    b = len(x)
    gain, lift = torch.empty(b, 1, 1, 1).uniform_(0.6, 1.4), torch.empty(b, 1, 1, 1).uniform_(-0.15, 0.15)
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (x - middle) * gain + middle + lift
    x = x * torch.empty(b, 3, 1, 1).uniform_(0.9, 1.1)
    grey = (torch.rand(b, 1, 1, 1) < 0.2).float()
    x = x * (1 - grey) + x.mean(1, keepdim=True) * grey
    if rng.random() < 0.25:  # many real inputs are small images enlarged
        small = rng.choice([16, 24, 32])
        part = x[: b // 2]
        part = F.interpolate(F.interpolate(part, size=small, mode="area"), size=SIZE, mode="bicubic")
        x = torch.cat([part, x[b // 2 :]])
    size = rng.choice([32, 40, 48, 48, 56, 64])
    if size != SIZE:
        x = F.interpolate(x, size=size, mode="bilinear", antialias=True)
    return x.clamp(0, 1)


@torch.no_grad()
def settle_statistics(model: nn.Module, images: Tensor) -> None:
    """BatchNorm statistics of clean images at full size: those gathered in training are of disturbed, smaller
    ones.
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


def standardise(x: Tensor) -> Tensor:
    """Images in [0, 1] as the network wants them."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((x - mean) / std).to(memory_format=torch.channels_last)


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Top-1 accuracy in eval mode at 64 px."""
    model.eval()
    hits = [
        (model(standardise(x.float() / 255)).argmax(1) == y).float()
        for x, y in zip(images.split(256), labels.split(256), strict=True)
    ]
    model.train()
    return float(torch.cat(hits).mean())


def main() -> None:
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
    parser.add_argument(
        "--limit", type=int, default=0, help="use only this many images (to try the script out)"
    )
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    started = time.monotonic()

    parts, wnids, names = read(args.data)
    images, labels = parts["train"]
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(args.seed))
    held, kept = order[:1000], order[1000 : 1000 + args.limit] if args.limit else order[1000:]
    val_x, val_y, images, labels = images[held], labels[held], images[kept], labels[kept]

    teacher = timm.create_model(f"local-dir:{args.teacher}", pretrained=True).eval()
    teacher = teacher.to(memory_format=torch.channels_last)
    cfg = teacher.pretrained_cfg
    columns = torch.tensor([cfg["label_names"].index(wnid) for wnid in wnids])
    weight, bias = (
        teacher.get_classifier().weight.detach()[columns],
        teacher.get_classifier().bias.detach()[columns],
    )
    seen = look(teacher, val_x, size=args.teacher_size).float() @ weight.T + bias
    hits = float((seen.argmax(1) == val_y).float().mean())
    print(f"teacher at {args.teacher_size} px among the 200 classes: {hits:.3f}")
    views = [crops(images, seed=args.seed + k) for k in range(args.views)]
    taught = []
    for k, view in enumerate(views):
        taught.append(look(teacher, view, size=args.teacher_size))
        print(f"view {k}: taught after {time.monotonic() - started:.0f} s", flush=True)

    student = timm.create_model(ARCHITECTURE, num_classes=len(wnids), **MODEL_ARGS)
    student = student.to(memory_format=torch.channels_last)
    bridge = nn.Linear(student.num_features, weight.shape[1])
    trained = [*student.parameters(), *bridge.parameters()]
    decay = [p for p in trained if p.ndim > 1]
    plain = [p for p in trained if p.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.03}, {"params": plain, "weight_decay": 0.0}],
        lr=args.lr,
        fused=True,
    )
    steps = len(images) // args.batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, args.lr, total_steps=args.epochs * steps, pct_start=0.1, anneal_strategy="cos"
    )
    print(f"{sum(p.numel() for p in student.parameters()):,} parameters, {steps} steps an epoch", flush=True)
    temperature = 2.0
    for epoch in range(args.epochs):
        view, features = views[epoch % args.views], taught[epoch % args.views]
        order, total = torch.randperm(len(images)), 0.0
        for step in range(steps):
            rows = order[step * args.batch : (step + 1) * args.batch]
            x = view[rows].float() / 255
            if rng.random() < 0.5:
                x = x.flip(-1)
            goal, y = features[rows].float(), labels[rows]
            pooled = student.forward_head(
                student.forward_features(standardise(disturb(x, rng))), pre_logits=True
            )
            logits = student.get_classifier()(pooled)  # (b, 200)
            soft = F.softmax((goal @ weight.T + bias) / temperature, dim=1)
            loss = 0.4 * F.cross_entropy(logits, y, label_smoothing=0.1)
            loss = (
                loss
                + F.kl_div(F.log_softmax(logits / temperature, 1), soft, reduction="batchmean") * temperature
            )
            loss = loss + 4 * (1 - F.cosine_similarity(bridge(pooled), goal, dim=1)).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(trained, 5.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        took = time.monotonic() - started
        val = accuracy(student, val_x, val_y)
        print(f"epoch {epoch + 1}: loss {total / steps:.3f} val {val:.3f} {took:.0f} s", flush=True)
        if epoch % 4 == 3:
            save_model(student, str(args.out.with_suffix(".partial.safetensors")))

    settle_statistics(student, images)
    everything, _ = parts["train"]
    measured = {"validation": accuracy(student, val_x, val_y), "test": accuracy(student, *parts["test"])}
    print(measured)
    write_folder(
        args.out, student, ARCHITECTURE, MODEL_ARGS, wnids, names, everything, measured,
        mean=MEAN, std=STD, size=SIZE, epochs=args.epochs, views=args.views,
        minutes=(time.monotonic() - started) / 60, standardise=standardise,
    )  # fmt: skip


if __name__ == "__main__":
    main()
