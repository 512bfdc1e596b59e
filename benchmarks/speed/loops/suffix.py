"""Train only the layers after a cut, and count the operations with and without the frozen layers."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from autotl.backbone import HEAD, cut


def flops(run: Callable[[], object]) -> int:
    """Return the floating-point operations of ``run``, including backward passes."""
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return int(counter.get_total_flops())


class SuffixLoop:
    """A loop over the trained layers after a cut, on tensors in memory: the minimum of any training.

    Args:
        model: The network.
        place: Name of the module before the cut; None for the whole network.
        input_size: Image size in pixels.
        classes: Number of classes.
        batch: Images per step.
        rows: Number of images.
    """

    def __init__(
        self, model: nn.Module, place: str | None, *, input_size: int, classes: int, batch: int, rows: int
    ):
        self.model = model
        images = torch.rand(rows, 3, input_size, input_size).to(memory_format=torch.channels_last)
        if place is None:
            self.prefix, self.suffix, ready = None, model, images
        else:
            halves = cut(model, place, input_size=input_size)
            assert halves is not None, place
            self.prefix, self.suffix = halves
            with torch.no_grad():
                ready = torch.cat([self.prefix(part) for part in images.split(batch)])
                ready = ready.contiguous(memory_format=torch.channels_last) if ready.ndim == 4 else ready
        self.images = images[:batch]
        self.batches = list(ready.split(batch))
        self.labels = torch.randint(classes, (rows,), generator=torch.Generator().manual_seed(0))
        self.batch = batch
        self.optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], fused=True)

    def step(self, x: Tensor, labels: Tensor) -> None:
        """Run a training step."""
        self.optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(self.suffix(x), labels).backward()
        self.optimiser.step()

    def epoch(self) -> None:
        """Train for an epoch."""
        for x, labels in zip(self.batches, self.labels.split(self.batch), strict=True):
            self.step(x, labels)

    def gain(self) -> float:
        """Return the ratio of operations of a step with the frozen layers to a step without them.

        A backward pass counts as two forward passes, because the counter treats the backward pass of grouped
        convolutions as dense.
        """
        x = self.batches[0]
        with torch.no_grad():
            suffix = 3 * flops(lambda: self.suffix(x))
            prefix = flops(lambda: self.prefix(self.images)) if self.prefix is not None else 0
        return (prefix + suffix) / suffix


def cut_point(frozen: int) -> str | None:
    """Return the cut point of a MobileNetV2 by the number of frozen blocks; 8: all but the classifier."""
    return None if not frozen else HEAD if frozen == 8 else f"blocks.{frozen - 1}"
