"""Measure how fast this machine runs a model, forward and in training."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

import torch
from torch import nn

from autotl.api import Pace
from autotl.clock import NEVER, Clock, Deadline

BATCH = 16
REPEATS = 2
LEAST, MOST_REPEATS = 0.15, 20  # seconds for all calls: of a small network, two are over in a blink
PATIENCE, ENOUGH = 4.0, 2.0  # seconds, for the first call of each of the two measurements, and for all calls
RATE, FAST = 4e10, 4e12  # operations a second on a CPU and on an accelerator, roughly
FORWARD_SHARE = 0.4  # of the time for both measurements
BACKWARD = 3.0  # times a forward pass: a step of training


def pace_of(model: nn.Module, *, side: int, clock: Clock, end: Deadline = NEVER, batch: int = BATCH) -> Pace:
    """Images a second at ``side`` pixels on the model's device, by a few batches of ``batch`` images.

    Takes about two seconds with a small network on a CPU. After ``end`` no batch begins but the first: if
    that was all there was time for, training is taken to be BACKWARD times as slow. The model is left with
    its gradients empty and, having been trained on, with other BatchNorm statistics: measure a copy that is
    not needed any more.
    """
    device = next(model.parameters()).device
    model.to(memory_format=torch.channels_last)
    x = torch.rand(batch, 3, side, side, device=device).to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode():
            model(x)

    def step() -> None:
        model(x).float().square().mean().backward()
        model.zero_grad(set_to_none=True)

    model.eval()
    seen = batch / _seconds(forward, device, clock, end.share(FORWARD_SHARE))
    if end.passed():
        return Pace(side=side, forward=seen, training=seen / BACKWARD)
    model.train()
    model.requires_grad_(True)
    trained = batch / _seconds(step, device, clock, end)
    model.eval()
    return Pace(side=side, forward=seen, training=min(trained, seen))


def usual_pace(flops: int, *, native: int, side: int, device: str) -> Pace:
    """What a network of so many operations an image, at ``native`` pixels, does on common hardware: the same
    in every run, so that what is decided by it is too.
    """
    rate = RATE if device.startswith("cpu") else FAST
    seen = rate / max(flops, 1) * (native / side) ** 2
    return Pace(side=side, forward=seen, training=seen / BACKWARD)


def _seconds(work: Callable[[], None], device: torch.device, clock: Clock, end: Deadline) -> float:
    """The mean time of a call: other programs on the machine slow the run as they slow this.

    The first is left out where there is another: it chooses how layers are computed and asks for memory,
    which can take as long again.
    """
    times: list[float] = []
    for number in range(MOST_REPEATS + 1):
        if number > REPEATS and sum(times) >= LEAST:
            break
        started = clock.now()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(max(clock.now() - started, 1e-9))
        if sum(times) > (PATIENCE if len(times) == 1 else ENOUGH) or end.passed():
            break
    return mean(times[1:] or times)
