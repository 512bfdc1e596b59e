"""Settings that depend on the number of stages with updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autotl.api import Backbone, Space
from autotl.toolbox import Chosen, Int, affordable_epochs

MAX_STAGES = 64


def frozen_stages(backbone: Backbone, stages: int) -> int:
    """Return how many first stages get no update; a larger ``stages`` than there are means none."""
    return max(0, len(backbone.stages) - stages)


def trained_share(backbone: Backbone, stages: int) -> float:
    """Return the share of the arithmetic in the last stages, in [0, 1]."""
    through = frozen_stages(backbone, stages)
    return 1.0 - backbone.stages[through - 1].flops if through else 1.0


def affordable(chosen: Chosen, stages: int, *, wanted: int, slowdown: float) -> int:
    """Return how many of the wanted epochs fit into a trial's time.

    Args:
        chosen: The facts of the task.
        stages: Number of last stages with updates.
        wanted: Largest result.
        slowdown: Time of a step as a multiple of full fine-tuning.
    """
    return affordable_epochs(
        chosen.task,
        chosen.backbone,
        input_size=chosen.input_size,
        trained=trained_share(chosen.backbone, stages),
        wanted=wanted,
        share=1 / slowdown,
        views=1,
    )


@dataclass(frozen=True, slots=True)
class LastStages:
    """The number of last stages with updates: as many as can be trained for some epochs.

    Attributes:
        epochs: Number of epochs that must fit into a trial's time.
        slowdown: Time of a step as a multiple of full fine-tuning.
    """

    epochs: int
    slowdown: float

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return self._most(chosen, self.epochs)

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return space.suggest_int(name, 1, self._most(chosen, max(1, self.epochs // 2)))

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(1, 1, MAX_STAGES).check(name, value)

    def _most(self, chosen: Chosen, epochs: int) -> int:
        for stages in range(len(chosen.backbone.stages), 1, -1):
            if affordable(chosen, stages, wanted=epochs, slowdown=self.slowdown) == epochs:
                return stages
        return 1


@dataclass(frozen=True, slots=True)
class StageEpochs:
    """The number of epochs, or as many as fit with these stages.

    Attributes:
        least: Epochs on large data.
        most: Epochs on small data.
        images: Number of images that are seen in all, between these bounds.
        slowdown: Time of a step as a multiple of full fine-tuning.
    """

    least: int
    most: int
    images: int
    slowdown: float

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return self._fitting(chosen, self._usual(chosen))

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        wanted = space.suggest_int(name, 1, 2 * self._usual(chosen), log=True)
        return self._fitting(chosen, wanted)

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(1, 1, 10 * self.most).check(name, value)

    def _usual(self, chosen: Chosen) -> int:
        return max(self.least, min(self.most, self.images // chosen.task.train_rows))

    def _fitting(self, chosen: Chosen, wanted: int) -> int:
        return affordable(chosen, chosen.values["stages"], wanted=wanted, slowdown=self.slowdown)
