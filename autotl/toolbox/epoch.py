"""Train a network for an epoch, on a workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from autotl.api import Beat, Workbench

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn


def train_epoch(
    bench: Workbench,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    *,
    input_size: int,
    epoch: int,
    augment: str = "shift",
    smoothing: float = 0.1,
    penalty: Callable[[], Tensor] | None = None,
) -> Iterator[Beat]:
    """Train a network for an epoch, and yield beats.

    A beat follows each batch.

    >>> for epoch in bench.epochs(10, model=model, optimiser=optimiser):
    ...     model.train()
    ...     yield from train_epoch(bench, model, optimiser, input_size=64, epoch=epoch)
    ...     yield bench.score(model, input_size=64)

    Args:
        bench: The workbench of the trial.
        model: The network, in training mode.
        optimiser: Steps once for each batch.
        input_size: Image size in pixels.
        epoch: Number of the epoch, from 1.
        augment: A name of AUGMENTATIONS.
        smoothing: Label smoothing, in [0, 1).
        penalty: Returns a term that is added to the loss of each batch.
    """
    for batch in bench.batches(input_size=input_size, epoch=epoch, augment=augment):
        with bench.autocast():
            outputs = model(batch.inputs)
        loss = bench.target.loss(outputs.float(), batch.targets, weights=batch.weights, smoothing=smoothing)
        if penalty is not None:
            loss = loss + penalty()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call] # torch gives it no types
        optimiser.step()
        yield bench.beat()
