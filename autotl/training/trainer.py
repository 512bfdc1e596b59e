"""The learner that trains a network."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autotl.api import Beat, Score, Workbench
from autotl.seeds import derive
from autotl.training.batches import TrainingBatchSource, batch_source
from autotl.training.class_balance import row_weights
from autotl.training.loop import SingleProcess, Step, train
from autotl.training.loss.distillation import DistillationLoss, HasLoss, Teacher
from autotl.training.machine.distributed import train_distributed
from autotl.training.recipe import Recipe
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState
from autotl.training.update.starting_point import StartingPoint


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a training in a longer one.

    There are ``before`` epochs before it. It takes the longer training from the progress ``start`` to the
    progress ``end``.
    """

    before: int = 0
    start: float = 0.0
    end: float = 1.0

    def seed(self, seed: int) -> int:
        """Return the seed of this training, given that of the longer one."""
        return derive(seed, "phase", self.before) if self.before else seed

    def progress(self, own: float) -> float:
        """Return the progress of the longer training, in [0, 1].

        ``own`` is the progress of this training.
        """
        return self.end if own == 1 else self.start + own * (self.end - self.start)


ALONE = Place()
"""The place of a training on its own."""


class Training:
    """A learner that trains the parameters that require gradients.

    Outputs of frozen stages are computed once and cached, so that a step costs only the layers behind them.
    Each epoch ends with a score, so closing :meth:`fit` loses at most the running epoch. A training in a
    single process can be resumed between any two steps, with the same final weights.

    >>> learner = Training(workbench.model(), workbench, Recipe(input_size=64, epochs=3, lr=1e-3))
    >>> scores = [step.value for step in learner.fit() if isinstance(step, Score)]

    ``place`` is the place in a longer training; by default it is none. ``teacher`` has outputs to learn from
    besides the labels; by default there is none.
    """

    def __init__(
        self,
        model: nn.Module,
        workbench: Workbench,
        recipe: Recipe,
        *,
        train_mode: Callable[[nn.Module], object] = nn.Module.train,
        frozen: int = 0,
        rates: Mapping[str, float] | None = None,
        start: StartingPoint | None = None,
        merged: Callable[[nn.Module], Mapping[str, Tensor]] | None = None,
    ) -> None:
        """Prepare a training.

        A model that needs ``merged`` is trained in one process, because torch sends no parametrised model to
        another.

        Args:
            model: The network, on the workbench's device.
            workbench: Provides images, targets and cached activations.
            recipe: The settings.
            train_mode: Puts the model into training mode, except for layers that stay frozen.
            frozen: Number of leading stages that are frozen as the workbench gave them.
            rates: Factors of the learning rate by the parameter's name; 1 for the others.
            start: Weights that the training stays near; None if it may move anywhere.
            merged: Returns the tensors of the stock model to score; None if the model is a stock one.
        """
        self._model, self._workbench, self._recipe = model, workbench, recipe
        self._train_mode, self._frozen, self._merged = train_mode, frozen, merged
        self._rates, self._start, self.place = dict(rates or {}), start, ALONE
        self.teacher: Teacher | None = None
        self._state: TrainingState | None = None
        self._checkpoint: Mapping[str, Tensor] | None = None

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`. None before the first step and with several processes."""
        return None if self._state is None else self._state.tensors()

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`. Several processes start from the beginning.

        :meth:`fit` raises ValueError if the checkpoint is of another network.
        """
        self._checkpoint = checkpoint

    def fit(self) -> Generator[Beat | Score, None, None]:
        """Train, and yield each step.

        The end of an epoch is a score.
        """
        workbench, size = self._workbench, self._recipe.input_size
        workbench.track(self._model, input_size=size)
        batches = batch_source(self._model, workbench, self._recipe, frozen=self._frozen)
        targets = workbench.targets().train
        strata = torch.from_numpy(workbench.target.strata(targets.numpy()))
        loss, learned = self._loss(targets)
        spec = TrainingSpec(
            self._model,
            batches,
            loss,
            learned,
            strata,
            self._recipe,
            self._train_mode,
            workbench.device,
            self.place.seed(workbench.seed),
            row_weights(strata, workbench.weights(), self._recipe.balance),
            self._rates,
            self._start,
        )
        try:
            with closing(self._steps(spec, batches)) as steps:
                for step in steps:
                    progress = self.place.progress(step.progress)
                    if step.loss is None:
                        yield Beat(progress)
                        continue
                    yield workbench.score(
                        self._model if self._merged is None else self._merged(self._model),
                        input_size=size,
                        epoch=self.place.before + step.epoch,
                        progress=progress,
                        loss=step.loss,
                        cut=batches.cut,
                    )
        finally:
            self._state = None  # frees the optimiser's memory

    def _loss(self, targets: Tensor) -> tuple[HasLoss, Tensor]:
        """Return the loss, and the targets that it takes."""
        teacher, target = self.teacher, self._workbench.target
        if teacher is None:
            return target, targets
        loss = DistillationLoss(target, teacher.share, teacher.temperature, teacher.kind)
        return loss, teacher.targets(targets)

    def _steps(self, spec: TrainingSpec, batches: TrainingBatchSource) -> Generator[Step, None, None]:
        processes = self._workbench.processes
        if processes > 1 and self._merged is None:
            return train_distributed(spec, batches.portable(), processes)
        self._state = TrainingState(spec)
        if self._checkpoint is not None:
            self._state.load_tensors(self._checkpoint)
        return train(spec, SingleProcess(), self._state)
