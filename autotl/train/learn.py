"""The one training loop: batches in order, steps of the optimiser, a moving average."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

import timm.optim
import torch
from torch import Tensor, nn

from autotl.seeds import derive
from autotl.train.average import Average
from autotl.train.balance import order_of
from autotl.train.device import autocast
from autotl.train.feed import Feed
from autotl.train.mixing import Targets, loss_of, mixed
from autotl.train.recipe import Recipe
from autotl.train.split_batch import in_pieces

TIMM_OPTIM: Any = timm.optim  # it is typed in part
LOOK = 16  # steps between two looks at the loss on an accelerator: each look waits for all that is queued


class Diverged(RuntimeError):
    """The loss stopped being a number."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: in which epoch, how much of all is done, and at its end the epoch's mean
    loss.
    """

    epoch: int
    progress: float
    loss: float | None = None


@dataclass(frozen=True)
class Lesson:
    """Everything a training needs but the validation rows; crosses to other processes.

    ``feed`` gives batches of the training rows, ``labels`` (rows,) are theirs and ``weights`` (rows,) what
    each one's loss is multiplied by (None: 1). ``train_mode`` puts the model into training mode, leaving in
    eval what is to stay frozen.
    """

    model: nn.Module
    feed: Feed
    labels: Tensor
    recipe: Recipe
    train_mode: Callable[[nn.Module], object]
    device: str
    seed: int
    weights: Tensor | None = None


class Crew(Protocol):
    """The processes that take a step together."""

    @property
    def rank(self) -> int: ...
    @property
    def size(self) -> int: ...

    def joined(self, run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """The layers, with gradients averaged over the crew."""
        ...

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a number over the crew."""
        ...


class Alone:
    """A crew of one."""

    rank, size = 0, 1

    def joined(self, run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """See :class:`Crew`."""
        return run

    def mean(self, value: Tensor) -> Tensor:
        """See :class:`Crew`."""
        return value


def learn(lesson: Lesson, crew: Crew) -> Generator[Step, None, None]:
    """Train; yields at every step, and at the end of each epoch with its loss while the model holds the
    weights to keep (their average, where one is asked for).
    """
    recipe, model, device, given = lesson.recipe, lesson.model, lesson.device, lesson.feed
    rows = len(lesson.labels)
    each = max(1, math.ceil(rows / recipe.batch_size))
    total = each * recipe.epochs
    run = crew.joined(given.run)
    optimiser = _optimiser(model, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, total, recipe.warmup))
    average = Average(model, recipe.ema) if recipe.ema else None
    order = torch.Generator().manual_seed(derive(lesson.seed, "order and views"))
    draw = order if crew.size == 1 else torch.Generator().manual_seed(derive(lesson.seed, crew.rank))
    torch.manual_seed(derive(lesson.seed, "dropout"))
    pieces, done = 1, 0
    for epoch in range(1, recipe.epochs + 1):
        given.start(epoch)
        lesson.train_mode(model)
        losses: list[Tensor] = []
        # tensor_split leaves no last batch of one row, on which BatchNorm cannot learn
        for together in order_of(lesson.labels, recipe.balance, order).tensor_split(each):
            chosen = together[crew.rank :: crew.size]
            labels = lesson.labels[chosen].to(device, non_blocking=True)
            weights = None if lesson.weights is None else lesson.weights[chosen].to(device)
            batch, targets = mixed(given.batch(chosen, draw), labels, recipe.mixup, draw, weights)
            share = len(chosen) * crew.size / len(together)
            loss, pieces = _gradients(run, batch, targets, lesson, optimiser, share=share, pieces=pieces)
            losses.append(loss)
            if (device == "cpu" or done % LOOK == 0) and not torch.isfinite(loss):
                raise Diverged(f"the loss became {loss.item()} at step {done + 1} of {total}")
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            optimiser.step()
            schedule.step()
            if average:
                average.update()
            done += 1
            yield Step(epoch, done / total)
        loss_now = crew.mean(torch.stack(losses).mean()).item()
        if not math.isfinite(loss_now):
            raise Diverged(f"the loss became {loss_now} in epoch {epoch} of {recipe.epochs}")
        if average:
            average.swap()
        yield Step(epoch, done / total, loss_now)
        if average:
            average.swap()


def _gradients(
    run: Callable[[Tensor], Tensor],
    batch: Tensor,
    targets: Targets,
    lesson: Lesson,
    optimiser: torch.optim.Optimizer,
    *,
    share: float,
    pieces: int,
) -> tuple[Tensor, int]:
    """Fill in the gradients of a batch, in as many pieces as memory asks for; its loss, and how many."""

    def attempt(pieces: int) -> Tensor:
        optimiser.zero_grad(set_to_none=True)
        whole = batch.new_zeros((), dtype=torch.float32)
        for part in torch.arange(len(batch)).tensor_split(pieces):
            piece = slice(int(part[0]), int(part[-1]) + 1)
            with autocast(lesson.device):
                logits = run(batch[piece])  # (rows, classes)
            loss = loss_of(logits.float(), targets.part(piece), lesson.recipe.label_smoothing)
            loss = loss * (share * len(part) / len(batch))
            loss.backward()  # type: ignore[no-untyped-call]
            whole += loss.detach()
        return whole

    return in_pieces(attempt, pieces, most=max(1, len(batch) // 2))


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    groups = TIMM_OPTIM.param_groups_layer_decay(model, recipe.weight_decay, layer_decay=recipe.layer_decay)
    for group in groups:
        group["lr"] = recipe.lr * group.pop("lr_scale", 1.0)
        group.pop("param_names", None)
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)


def _pace(step: int, total: int, warmup: float) -> float:
    """Linear warm-up, then cosine to zero; a factor of the learning rate."""
    rise = max(1, round(total * warmup))
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, total - rise)))
