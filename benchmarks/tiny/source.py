"""Read and augment the source images of the embedded backbone."""

from __future__ import annotations

import io
import math
import random
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

SIZE = 64
"""Image size in pixels."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def read(path: Path) -> tuple[dict[str, tuple[Tensor, Tensor]], list[str], dict[str, str]]:
    """Read training and test images, uint8 (n, 3, 64, 64), with labels, sorted wnids and their names."""
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
    """Return a random resized crop of each image, mirrored with probability 0.5; uint8 (n, 3, 64, 64)."""
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


def standardise(x: Tensor) -> Tensor:
    """Standardise the channels of images in [0, 1]."""
    mean, std = torch.tensor(MEAN).view(1, 3, 1, 1), torch.tensor(STD).view(1, 3, 1, 1)
    return ((x - mean) / std).to(memory_format=torch.channels_last)


def augment(x: Tensor, rng: random.Random) -> Tensor:
    """Change colour, contrast, resolution and size of a batch in [0, 1]; (b, 3, s, s)."""
    b = len(x)
    gain, lift = torch.empty(b, 1, 1, 1).uniform_(0.6, 1.4), torch.empty(b, 1, 1, 1).uniform_(-0.15, 0.15)
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (x - middle) * gain + middle + lift
    x = x * torch.empty(b, 3, 1, 1).uniform_(0.9, 1.1)
    grey = (torch.rand(b, 1, 1, 1) < 0.2).float()
    x = x * (1 - grey) + x.mean(1, keepdim=True) * grey
    if rng.random() < 0.25:  # because many real inputs are enlarged small images
        small = rng.choice([16, 24, 32])
        part = x[: b // 2]
        part = F.interpolate(F.interpolate(part, size=small, mode="area"), size=SIZE, mode="bicubic")
        x = torch.cat([part, x[b // 2 :]])
    size = rng.choice([32, 40, 48, 48, 56, 64])
    if size != SIZE:
        x = F.interpolate(x, size=size, mode="bilinear", antialias=True)
    return x.clamp(0, 1)
