"""Measure the latency of a network on this machine."""

from __future__ import annotations

from statistics import median

import torch
from torch import nn

from autotl.backbone.speed.example_inputs import example_inputs
from autotl.clock import Clock

WARM_UP = 3  # passes that are not timed
MAX_PASSES = 50
MIN_PASSES = 5
MAX_SECONDS = 0.3  # after the warm-up; does not apply to the first MIN_PASSES passes


def latency_of(model: nn.Module, *, input_size: int, clock: Clock) -> float:
    """Return the median seconds for one image, in float32.

    The model stays on its device and in evaluation mode, and torch keeps its number of threads. Reading and
    resizing the image are not included.

    Args:
        model: The network.
        input_size: The image size in pixels.
        clock: The clock.
    """
    device = next(model.parameters()).device
    x = example_inputs(model, 1, input_size).to(device)
    model.eval()
    times: list[float] = []
    with torch.inference_mode():
        for number in range(WARM_UP + MAX_PASSES):
            start = clock.now()
            model(x)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if number >= WARM_UP:
                times.append(clock.now() - start)
            if len(times) >= MIN_PASSES and sum(times) > MAX_SECONDS:
                break
    return median(times)
