"""The learner that trains a network in phases."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import torch
from torch import Tensor, nn

from autotl.api import Beat, Score, Workbench
from autotl.training.cost import step_seconds, training_seconds
from autotl.training.recipe import MAX_VIEWS, Recipe
from autotl.training.trainer import Place, Training

PHASE = "phase"
"""The name of a checkpoint's tensor with the number of the phase, from 0."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a training, with its own recipe and optimiser.

    ``freeze`` sets which parameters require gradients, and returns the function that puts the model into
    training mode. The first ``frozen`` stages are frozen as the workbench gave them. ``rates`` are factors of
    the learning rate by the parameter's name.
    """

    recipe: Recipe
    freeze: Callable[[nn.Module], Callable[[nn.Module], object]]
    frozen: int = 0
    rates: Mapping[str, float] = field(default_factory=dict)


class PhasedTraining:
    """A learner that trains a network in phases.

    An example is first the head and then all layers. Each phase is a :class:`~autotl.training.Training`, so
    its frozen stages are cached, and it can be resumed between any two steps. The progress is
    the share of the expected seconds.

    >>> head, rest = (partial(freeze, through=depth, norm="frozen") for depth in (5, 0))
    >>> phases = [Phase(Recipe(64, 1, 2e-3), head, frozen=5), Phase(Recipe(64, 9, 1e-3), rest)]
    >>> learner = PhasedTraining(workbench.model(), workbench, phases)
    """

    def __init__(self, model: nn.Module, workbench: Workbench, phases: Sequence[Phase]) -> None:
        """Prepare a training.

        Args:
            model: The network, on the workbench's device.
            workbench: Provides images, targets and cached activations.
            phases: The phases in their order, at least one. Each trains all that the phase before trained.

        Raises:
            ValueError: There is no phase.
        """
        if not phases:
            raise ValueError("phases must have at least one phase (got none).")
        self._model, self._workbench, self._phases = model, workbench, tuple(phases)
        self._number = 0
        self._training: Training | None = None
        self._checkpoint: Mapping[str, Tensor] | None = None

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`. None before the first step and with several processes."""
        found = None if self._training is None else self._training.checkpoint()
        return None if found is None else {**found, PHASE: torch.tensor(self._number)}

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`. Several processes start from the beginning.

        :meth:`fit` raises ValueError if the checkpoint is of another training.
        """
        self._checkpoint = checkpoint

    def fit(self) -> Generator[Beat | Score, None, None]:
        """Train phase by phase, and yield each step.

        The end of an epoch is a score.
        """
        first = self._first_phase()
        for number in range(first, len(self._phases)):
            self._number, self._training = number, self._training_of(number)
            if self._checkpoint is not None and number == first:
                self._training.resume(self._checkpoint)
            yield from self._training.fit()

    def _first_phase(self) -> int:
        if self._checkpoint is None or self._workbench.processes > 1:
            return 0
        number = int(self._checkpoint.get(PHASE, torch.tensor(-1)))
        if not 0 <= number < len(self._phases):
            raise ValueError("the checkpoint is of another network or training")
        return number

    def _seconds(self, phase: Phase) -> float:
        """Predict the seconds of a phase; an epoch on cached outputs takes a fraction of the others."""
        recipe, backbone, task = phase.recipe, self._workbench.backbone, self._workbench.task
        seconds = training_seconds(
            task,
            backbone,
            input_size=recipe.input_size,
            trained=1 - backbone.stages[phase.frozen - 1].flops if phase.frozen else 1.0,
            epochs=recipe.epochs,
            views=1 if recipe.augment == "none" else MAX_VIEWS,
        )
        return seconds + step_seconds(task, epochs=recipe.epochs, batch_size=recipe.batch_size)

    def _training_of(self, number: int) -> Training:
        phase = self._phases[number]
        ends = [0.0, *accumulate(map(self._seconds, self._phases))]
        training = Training(
            self._model,
            self._workbench,
            phase.recipe,
            train_mode=phase.freeze(self._model),
            frozen=phase.frozen,
            rates=phase.rates,
        )
        before = sum(each.recipe.epochs for each in self._phases[:number])
        training.place = Place(before, ends[number] / ends[-1], ends[number + 1] / ends[-1])
        return training
