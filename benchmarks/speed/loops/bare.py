"""Train on tensors in memory, without decoding, augmentation or schedule."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autotl.training import autocast, precision
from benchmarks.speed.loops.suffix import flops
from benchmarks.speed.timing import spread


class BareLoop:
    """A loop over normalised inputs and labels on the device, in a fixed order.

    AdamW trains the parameters of ``model`` that require gradients.

    Args:
        model: The network.
        run: The module that computes logits of the inputs: the network, or its part after a cut.
        inputs: Inputs of ``run``.
        labels: Labels.
        batch: Images per step.
        train_mode: Function that sets the network to training mode.
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
        count = -(-len(inputs) // batch)
        self._batches = list(zip(inputs.tensor_split(count), labels.tensor_split(count), strict=True))
        trained = [p for p in model.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(trained, lr=1e-4, fused=True)

    def epoch(self) -> None:
        """Train for an epoch, and wait for the device."""
        self._train_mode(self._model)
        for x, labels in self._batches:
            self._step(x, labels)
        wait(self._batches[0][0].device)

    def image_flops(self) -> float:
        """Return the floating-point operations of a step per image; a multiply-add counts as two."""
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
    """Products of two large square matrices, in the precision of training on the device.

    Args:
        device: The device.
        side: Side of the matrices.
        times: Number of products.
    """

    def __init__(self, device: str, *, side: int, times: int) -> None:
        dtype = torch.bfloat16 if precision(device) == "bfloat16" else torch.float32
        self._a, self._b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
        self._times = times
        self.flops = 2.0 * side**3 * times

    def run(self) -> None:
        """Compute all products, and wait for the device."""
        for _ in range(self._times):
            torch.mm(self._a, self._b)
        wait(self._a.device)


def wait(device: torch.device) -> None:
    """Wait until the device is idle."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def rates(seconds: list[float], amount: float) -> dict[str, float]:
    """Return the amount per second: median, smallest and largest of the rounds."""
    return spread([amount / each for each in seconds])
