"""Training steps on ready tensors: no decoding, no augmentation, no schedule, nothing but the arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autotl.training import autocast, precision
from benchmarks.speed.limit import flops
from benchmarks.speed.timing import spread


class Bare:
    """Epochs over inputs and labels that already lie on the device, normalised and in order.

    ``run`` is what computes logits of the inputs: the model itself, or the part of it behind a cut. Only the
    parameters of ``model`` that require gradients are trained, by AdamW.
    """

    def __init__(
        self,
        model: nn.Module,
        run: nn.Module,
        inputs: Tensor,
        labels: Tensor,
        *,
        batch: int,
        train_mode: Callable[[nn.Module], object],
    ) -> None:
        self._model, self._run, self._train_mode = model, run, train_mode
        pieces = -(-len(inputs) // batch)
        self._batches = list(zip(inputs.tensor_split(pieces), labels.tensor_split(pieces), strict=True))
        learned = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(learned, lr=1e-4, fused=True)

    def epoch(self) -> None:
        """Once over the inputs; returns when the device has done it."""
        self._train_mode(self._model)
        for x, labels in self._batches:
            self._step(x, labels)
        wait(self._batches[0][0].device)

    def image_flops(self) -> float:
        """Floating-point operations that a step spends on one image; a multiply-add is two."""
        self._train_mode(self._model)
        x, labels = self._batches[0]
        return flops(lambda: self._step(x, labels)) / len(x)

    def _step(self, x: Tensor, labels: Tensor) -> None:
        self._optimiser.zero_grad(set_to_none=True)
        with autocast(x.device.type):
            loss = F.cross_entropy(self._run(x), labels)
        loss.backward()
        self._optimiser.step()


class Products:
    """Products of two large square matrices, in the precision that training uses on the device."""

    def __init__(self, device: str, *, side: int, times: int) -> None:
        kind = torch.bfloat16 if precision(device) == "bfloat16" else torch.float32
        self._a, self._b = (torch.randn(side, side, device=device).to(kind) for _ in range(2))
        self._times = times
        self.flops = 2.0 * side**3 * times

    def run(self) -> None:
        """All of them; returns when the device has done it."""
        for _ in range(self._times):
            torch.mm(self._a, self._b)
        wait(self._a.device)


def wait(device: torch.device) -> None:
    """Wait for all that the device was given to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rate(seconds: list[float], amount: float) -> dict[str, float]:
    """``amount`` a second over the rounds: median, smallest and largest."""
    return spread([amount / each for each in seconds])
