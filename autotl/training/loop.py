"""The training loop.

It has batches, optimiser steps and a moving average of the weights.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from autotl.training.batches import Forward
from autotl.training.loss.mixup import mixup
from autotl.training.loss.training_loss import Targets, training_loss
from autotl.training.machine.device import autocast
from autotl.training.machine.microbatch import (
    microbatch_count,
    retry_in_microbatches,
    updates_batch_statistics,
)
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState

LOSS_CHECK_INTERVAL = 16
"""Steps between two checks of the loss on an accelerator; each check waits for all queued work."""


class Diverged(RuntimeError):
    """The loss became infinite or not a number."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the optimiser, or the end of an epoch.

    ``epoch`` counts from 1; ``progress`` is the completed fraction of all steps, in [0, 1]. ``loss`` is the
    epoch's mean loss, given only at its end.
    """

    epoch: int
    progress: float
    loss: float | None = None


class ProcessGroup(Protocol):
    """The processes that train one network together."""

    @property
    def rank(self) -> int: ...
    @property
    def size(self) -> int: ...

    def synchronise(self, forward: Forward) -> Forward:
        """Return the layers with gradients averaged over the group."""
        ...

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of a number over the group."""
        ...


class SingleProcess:
    """A :class:`ProcessGroup` of one process."""

    rank, size = 0, 1

    def synchronise(self, forward: Forward) -> Forward:
        """See :class:`ProcessGroup`."""
        return forward

    def mean(self, value: Tensor) -> Tensor:
        """See :class:`ProcessGroup`."""
        return value


def train(
    spec: TrainingSpec, group: ProcessGroup, state: TrainingState | None = None
) -> Generator[Step, None, None]:
    """Train a network, one optimiser step at a time.

    At the end of an epoch the model holds the weights to keep: their moving average if the recipe has one.

    Args:
        spec: The model, its training rows and the recipe.
        group: The processes that share each batch.
        state: Continues a training; None starts one.

    Yields:
        Each step, and each end of an epoch with its mean loss.

    Raises:
        Diverged: The loss became infinite or not a number.
    """
    forward = group.synchronise(spec.batches.forward)
    state = state or TrainingState(spec, rank=group.rank, size=group.size)
    while state.epoch <= spec.recipe.epochs:
        epoch = state.epoch
        spec.batches.start_epoch(epoch)
        spec.train_mode(spec.model)
        splittable = group.size == 1 and not updates_batch_statistics(spec.model)
        for shared_batch in state.batches():
            _take_step(forward, shared_batch, spec, group, state, splittable=splittable)
            yield Step(epoch, state.steps_done / state.total_steps)
        mean_loss = group.mean(torch.stack(state.losses).mean()).item()
        if not math.isfinite(mean_loss):
            raise Diverged(f"the loss became {mean_loss} in epoch {epoch} of {spec.recipe.epochs}")
        state.end_epoch()
        yield Step(epoch, state.steps_done / state.total_steps, mean_loss)
        state.restore_trained_weights()


def _take_step(
    forward: Forward,
    shared_batch: Tensor,
    spec: TrainingSpec,
    group: ProcessGroup,
    state: TrainingState,
    *,
    splittable: bool,
) -> None:
    """Update the weights by this process's rows of a batch."""
    rows = shared_batch[group.rank :: group.size]
    first = spec.targets[rows].to(spec.device, non_blocking=True)
    weights = None if spec.weights is None else spec.weights[rows].to(spec.device)
    generator = state.view_generator
    batch, targets = mixup(spec.batches.batch(rows, generator), first, spec.recipe.mixup, generator, weights)
    loss = _gradients(
        forward,
        batch,
        targets,
        spec,
        state,
        scale=len(rows) * group.size / len(shared_batch),
        min_pieces=microbatch_count(batch, device=spec.device) if splittable else 1,
    )
    checked = spec.device == "cpu" or state.steps_done % LOSS_CHECK_INTERVAL == 0
    if checked and not torch.isfinite(loss):
        raise Diverged(f"the loss became {loss.item()} at step {state.steps_done + 1} of {state.total_steps}")
    if math.isfinite(spec.recipe.clip):
        nn.utils.clip_grad_norm_(spec.model.parameters(), spec.recipe.clip)
    state.update(loss)


def _gradients(
    forward: Forward,
    batch: Tensor,
    targets: Targets,
    spec: TrainingSpec,
    state: TrainingState,
    *,
    scale: float,
    min_pieces: int,
) -> Tensor:
    """Compute gradients, in more pieces if memory runs out; return the loss."""

    def attempt(pieces: int) -> Tensor:
        state.optimiser.zero_grad(set_to_none=True)
        total = batch.new_zeros((), dtype=torch.float32)
        for part in torch.arange(len(batch)).tensor_split(pieces):
            rows = slice(int(part[0]), int(part[-1]) + 1)
            with autocast(spec.device):
                outputs = forward(batch[rows]).float()  # (rows, k)
            loss = training_loss(spec.target, outputs, targets.part(rows), spec.recipe.label_smoothing)
            loss = loss * (scale * len(part) / len(batch))
            loss.backward()  # type: ignore[no-untyped-call] # torch gives it no types
            total += loss.detach()
        return total

    max_pieces = max(1, len(batch) // 2)
    loss, state.pieces = retry_in_microbatches(
        attempt, state.pieces, max_pieces=max_pieces, min_pieces=min_pieces
    )
    return loss
