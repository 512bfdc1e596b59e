"""Measure how long a network takes to answer one image on this machine."""

from __future__ import annotations

from statistics import median

import torch
from torch import nn

from autotl.clock import Clock

WARM_UP = 3
REPEATS = 50
PATIENCE = 0.3
"""Seconds, once warm; five answers are timed in any case."""
LEAST = 5


def latency_of(model: nn.Module, *, side: int, clock: Clock) -> float:
    """Seconds for one image of ``side`` pixels, float32 in a batch of one: the median of several answers.

    Measured where the model is, with the threads that torch has now; reading and resizing the image are not
    in it. The model is left in eval mode.
    """
    device = next(model.parameters()).device
    x = torch.rand(1, 3, side, side, device=device).to(memory_format=torch.channels_last)
    model.eval()
    times: list[float] = []
    with torch.inference_mode():
        for turn in range(WARM_UP + REPEATS):
            started = clock.now()
            model(x)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn >= WARM_UP:
                times.append(clock.now() - started)
            if len(times) >= LEAST and sum(times) > PATIENCE:
                break
    return median(times)
