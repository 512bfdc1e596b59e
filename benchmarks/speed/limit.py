"""What the arithmetic allows: a step's operations with and without the frozen layers, and a bare suffix."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from autotl.backbone import HEAD, cut


def flops(run: Callable[[], object]) -> int:
    """Floating-point operations of what ``run`` does, backward passes included."""
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return int(counter.get_total_flops())


class Suffix:
    """The trained layers behind a cut on ready tensors: the least that any training has to do."""

    def __init__(
        self, model: nn.Module, place: str | None, *, side: int, classes: int, batch: int, rows: int
    ):
        self.model = model
        images = torch.rand(rows, 3, side, side).to(memory_format=torch.channels_last)
        if place is None:
            self.prefix, self.suffix, ready = None, model, images
        else:
            halves = cut(model, place, side=side)
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
        """Forward, backward and the optimiser's step."""
        self.optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(self.suffix(x), labels).backward()
        self.optimiser.step()

    def epoch(self) -> None:
        """Once over the ready tensors."""
        for x, labels in zip(self.batches, self.labels.split(self.batch), strict=True):
            self.step(x, labels)

    def gain(self) -> float:
        """How many times fewer operations a step is than one that runs the frozen layers too.

        A backward pass is counted as twice its forward pass: the counter itself takes grouped convolutions
        for dense ones on the way back.
        """
        x = self.batches[0]
        with torch.no_grad():
            own = 3 * flops(lambda: self.suffix(x))
            before = flops(lambda: self.prefix(self.images)) if self.prefix is not None else 0
        return (before + own) / own


def place_behind(frozen: int) -> str | None:
    """Where a MobileNetV2 is cut with so many of its 7 blocks frozen; 8 freezes all but the classifier."""
    return None if not frozen else HEAD if frozen == 8 else f"blocks.{frozen - 1}"
