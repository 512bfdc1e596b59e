"""Measure how many images per second this machine processes."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median_low

import torch
from torch import nn

from autotl.api import Pace
from autotl.backbone.speed.example_inputs import example_inputs
from autotl.clock import NEVER, Clock, Deadline

BATCH_SIZE, CPU_BATCH_SIZE = 16, 8
MIN_REPEATS, MAX_REPEATS = 3, 20
MIN_SECONDS = 0.15  # for all batches of a measurement: with a small network, two batches are too short
MAX_FIRST_SECONDS = 4.0  # if the first batch takes longer, the measurement ends
MAX_SECONDS = 2.0  # for all batches of a measurement
CPU_OPERATIONS, ACCELERATOR_OPERATIONS = 4e10, 4e12  # per second, roughly
FORWARD_SHARE = 0.4  # of the time for both measurements
TRAINING_COST = 3.0  # a training step, in forward passes


def pace_of(
    model: nn.Module, *, input_size: int, clock: Clock, end: Deadline = NEVER, batch: int = BATCH_SIZE
) -> Pace:
    """Measure the images per second of a model on its device.

    A small network takes about two seconds on a CPU. Only the first batch may start after ``end``. Training
    is then assumed to be three times slower than inference. The model is trained on noise, which changes its
    BatchNorm statistics: measure a copy that is not used afterwards.

    Args:
        model: The network.
        input_size: The image size in pixels.
        clock: The clock.
        end: The deadline.
        batch: The number of images in a batch.
    """
    device = next(model.parameters()).device
    model.to(memory_format=torch.channels_last)
    x = example_inputs(model, batch, input_size).to(device)

    def forward() -> None:
        with torch.inference_mode():
            model(x)

    def step() -> None:
        model(x).float().square().mean().backward()
        model.zero_grad(set_to_none=True)

    model.eval()
    forward_pace = batch / _typical_seconds(forward, device, clock, end.share(FORWARD_SHARE))
    if end.passed():
        return Pace(input_size=input_size, forward=forward_pace, training=forward_pace / TRAINING_COST)
    model.train()
    model.requires_grad_(True)
    training_pace = batch / _typical_seconds(step, device, clock, end)
    model.eval()
    return Pace(input_size=input_size, forward=forward_pace, training=min(training_pace, forward_pace))


def typical_pace(flops: int, input_size: int, *, native: int, device: str, power: float = 2.0) -> Pace:
    """Return the pace of a network on common hardware.

    It is the same in every run.

    Args:
        flops: The floating-point operations for one image at the native size.
        input_size: The image size in pixels.
        native: The native image size in pixels.
        device: The device, such as ``"cpu"``.
        power: The time grows with this power of the size.
    """
    operations = CPU_OPERATIONS if device.startswith("cpu") else ACCELERATOR_OPERATIONS
    forward_pace = operations / max(flops, 1) * (native / input_size) ** power
    return Pace(input_size, forward_pace, forward_pace / TRAINING_COST, power)


def _typical_seconds(call: Callable[[], None], device: torch.device, clock: Clock, end: Deadline) -> float:
    """Return the median seconds of a call.

    The median includes the steady load of other programs, which slows the search as well, and leaves out a
    single delay. The first of several calls is left out, because it selects kernels and allocates memory.
    """
    times: list[float] = []
    for number in range(MAX_REPEATS + 1):
        if number > MIN_REPEATS and sum(times) >= MIN_SECONDS:
            break
        start = clock.now()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(max(clock.now() - start, 1e-9))
        limit = MAX_FIRST_SECONDS if len(times) < MIN_REPEATS else MAX_SECONDS
        if sum(times) > limit or end.passed():
            break
    return median_low(times[1:] or times)
