"""Run networks over many images without gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from autotl.api import Images, Workbench
from autotl.training.machine.device import autocast
from autotl.training.machine.microbatch import pieces_of
from autotl.training.machine.out_of_memory import in_pieces
from autotl.training.machine.threads import MOST, in_torch_threads

BATCH = 64


def in_batches(
    run: Callable[[Tensor], Tensor],
    inputs: Images | Tensor,
    *,
    normalise: Callable[[Tensor], Tensor],
    device: str,
    batch: int = BATCH,
    at_once: int = MOST,
    pulse: Callable[[], None] = lambda: None,
) -> Tensor:
    """Return what ``run`` gives for the inputs (n, …), batch by batch: float32 on the CPU.

    ``normalise`` makes of a batch on the device what ``run`` takes. A batch is run in the pieces that are
    fastest, and in smaller ones if it does not fit into memory; on a CPU up to ``at_once`` pieces run at the
    same time: 1 if ``run`` keeps anything between calls. ``pulse`` is called before each batch, and may
    raise.
    """
    parts: list[Tensor] = []
    pieces, threads = 1, min(at_once, torch.get_num_threads()) if device.startswith("cpu") else 1
    with torch.inference_mode(), autocast(device):
        for start in range(0, len(inputs), batch):
            pulse()
            moved = inputs[start : start + batch].to(device, non_blocking=True)
            least = pieces_of(moved, device=device)

            def attempt(pieces: int, moved: Tensor = moved, least: int = least) -> list[Tensor]:
                # vectors are over in a moment, and more pieces than are fast are asked for if memory is short
                takers = threads if moved.ndim > 2 and pieces <= least else 1
                split = moved.tensor_split(min(len(moved), math.ceil(pieces / takers) * takers))
                return in_torch_threads(lambda part: run(normalise(part)).float().cpu(), split, takers)

            found, pieces = in_pieces(attempt, min(pieces, len(moved)), most=len(moved), least=least)
            parts += found
    return torch.cat(parts) if parts else torch.empty(0)


def logits_of(model: nn.Module, pixels: Images | Tensor, bench: Workbench) -> Tensor:
    """The model's logits (n, classes) in eval mode, float32 on the CPU."""
    model.eval()
    if not len(pixels):
        return torch.empty(0, len(bench.task.classes))
    return in_batches(model, pixels, normalise=bench.normalise, device=bench.device)
