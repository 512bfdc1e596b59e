"""Run networks on many images without gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor, nn

from autotl.api import Images, Workbench
from autotl.training.machine.device import autocast
from autotl.training.machine.microbatch import microbatch_count, retry_in_microbatches
from autotl.training.machine.threads import MAX_PARALLEL, map_in_torch_threads

BATCH_SIZE = 64


def forward_in_batches(
    forward: Callable[[Tensor], Tensor],
    inputs: Images | Tensor,
    *,
    to_batch: Callable[[Tensor], Tensor],
    device: str,
    batch: int = BATCH_SIZE,
    max_threads: int = MAX_PARALLEL,
    full_precision: bool = False,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Tensor:
    """Run a forward pass over all inputs, batch by batch.

    A batch is split into microbatches of the fastest size, and into smaller ones if memory runs out.

    Args:
        forward: The network or part of a network.
        inputs: Images or activations (n, …).
        to_batch: Converts a batch on the device into what ``forward`` takes.
        device: Runs the passes.
        batch: Rows per batch, 1 or more.
        max_threads: Microbatches that run at once on a CPU; 1 if ``forward`` keeps state between calls.
        full_precision: Whether all numbers stay float32; an accelerator usually runs half precision.
        check_cancelled: Called before each batch; may raise to end the work.

    Returns:
        The outputs (n, …), float32 on the CPU.
    """
    outputs: list[Tensor] = []
    pieces, threads = 1, min(max_threads, torch.get_num_threads()) if device.startswith("cpu") else 1
    with torch.inference_mode(), nullcontext() if full_precision else autocast(device):
        for start in range(0, len(inputs), batch):
            check_cancelled()
            rows = inputs[start : start + batch].to(device, non_blocking=True)
            fastest = microbatch_count(rows, device=device)

            def attempt(pieces: int, rows: Tensor = rows, fastest: int = fastest) -> list[Tensor]:
                # threads do not pay for vectors, and more pieces than the fastest count mean memory is short
                workers = threads if rows.ndim > 2 and pieces <= fastest else 1
                split = rows.tensor_split(min(len(rows), math.ceil(pieces / workers) * workers))
                return map_in_torch_threads(
                    lambda part: forward(to_batch(part)).float().cpu(), split, workers
                )

            found, pieces = retry_in_microbatches(
                attempt, min(pieces, len(rows)), max_pieces=len(rows), min_pieces=fastest
            )
            outputs += found
    return torch.cat(outputs) if outputs else torch.empty(0)


def predict_outputs(model: nn.Module, pixels: Images | Tensor, workbench: Workbench) -> Tensor:
    """Return the model's outputs (n, k) in eval mode, on the CPU.

    Args:
        model: The network, on the workbench's device.
        pixels: uint8 images (n, 3, h, w).
        workbench: Normalises the images.
    """
    model.eval()
    if not len(pixels):
        return torch.empty(0, workbench.task.target.outputs)
    return forward_in_batches(model, pixels, to_batch=workbench.to_batch, device=workbench.device)
