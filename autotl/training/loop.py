"""The one training loop: batches in order, steps of the optimiser, a moving average."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from autotl.training.machine.device import autocast
from autotl.training.machine.microbatch import learns_statistics, pieces_of
from autotl.training.machine.out_of_memory import in_pieces
from autotl.training.mixup import Targets, loss_of, mixed
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState

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


def train(
    lesson: TrainingSpec, crew: Crew, course: TrainingState | None = None
) -> Generator[Step, None, None]:
    """Train; yields at every step, and at the end of each epoch with its loss while the model holds the
    weights to keep (their average, where one is asked for).

    With ``course`` from where that stands; it tells at each step how to go on from there.
    """
    recipe, model, device, given = lesson.recipe, lesson.model, lesson.device, lesson.feed
    run = crew.joined(given.run)
    course = course or TrainingState(lesson, rank=crew.rank, size=crew.size)
    while course.epoch <= recipe.epochs:
        epoch = course.epoch
        given.start(epoch)
        lesson.train_mode(model)
        whole = crew.size > 1 or learns_statistics(model)
        for together in course.batches():
            chosen = together[crew.rank :: crew.size]
            labels = lesson.labels[chosen].to(device, non_blocking=True)
            weights = None if lesson.weights is None else lesson.weights[chosen].to(device)
            batch, targets = mixed(
                given.batch(chosen, course.draw), labels, recipe.mixup, course.draw, weights
            )
            share = len(chosen) * crew.size / len(together)
            least = 1 if whole else pieces_of(batch, device=device)
            loss = _gradients(run, batch, targets, lesson, course, share=share, least=least)
            if (device == "cpu" or course.done % LOOK == 0) and not torch.isfinite(loss):
                raise Diverged(f"the loss became {loss.item()} at step {course.done + 1} of {course.total}")
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            course.optimiser.step()
            course.schedule.step()
            if course.average:
                course.average.update()
            course.losses.append(loss)
            yield Step(epoch, course.done / course.total)
        loss_now = crew.mean(torch.stack(course.losses).mean()).item()
        if not math.isfinite(loss_now):
            raise Diverged(f"the loss became {loss_now} in epoch {epoch} of {recipe.epochs}")
        course.end_epoch()
        yield Step(epoch, course.done / course.total, loss_now)
        course.go_on()


def _gradients(
    run: Callable[[Tensor], Tensor],
    batch: Tensor,
    targets: Targets,
    lesson: TrainingSpec,
    course: TrainingState,
    *,
    share: float,
    least: int,
) -> Tensor:
    """Fill in the gradients of a batch, in at least so many pieces, more where memory asks for them; its
    loss.
    """

    def attempt(pieces: int) -> Tensor:
        course.optimiser.zero_grad(set_to_none=True)
        whole = batch.new_zeros((), dtype=torch.float32)
        for part in torch.arange(len(batch)).tensor_split(pieces):
            piece = slice(int(part[0]), int(part[-1]) + 1)
            with autocast(lesson.device):
                logits = run(batch[piece])  # (rows, classes)
            loss = loss_of(logits.float(), targets.part(piece), lesson.recipe.label_smoothing)
            loss = loss * (share * len(part) / len(batch))
            loss.backward()  # type: ignore[no-untyped-call] # torch gives it no types
            whole += loss.detach()
        return whole

    loss, course.pieces = in_pieces(attempt, course.pieces, most=max(1, len(batch) // 2), least=least)
    return loss
