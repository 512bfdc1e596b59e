"""Run networks over many images without gradients."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from autotl.api import Workbench
from autotl.train.device import autocast

BATCH = 64


def in_batches(
    run: Callable[[Tensor], Tensor],
    pixels: Tensor,
    *,
    normalise: Callable[[Tensor], Tensor],
    device: str,
    batch: int = BATCH,
) -> Tensor:
    """``run`` over uint8 images (n, 3, h, w) batch by batch; what it returns, float32 on the CPU."""
    parts = []
    with torch.inference_mode(), autocast(device):
        for start in range(0, len(pixels), batch):
            moved = pixels[start : start + batch].to(device, non_blocking=True)
            parts.append(run(normalise(moved)).float().cpu())
    return torch.cat(parts) if parts else torch.empty(0)


def logits_of(model: nn.Module, pixels: Tensor, bench: Workbench) -> Tensor:
    """The model's logits (n, classes) in eval mode, float32 on the CPU."""
    model.eval()
    if not len(pixels):
        return torch.empty(0, len(bench.task.classes))
    return in_batches(model, pixels, normalise=bench.normalise, device=bench.device)
