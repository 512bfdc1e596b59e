"""Settings that depend on the number of stages with updates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autotl.api import Backbone, Space
from autotl.toolbox import Chosen, Int, affordable_epochs

MAX_STAGES = 64
SLOWDOWNS = {(False, False): 1.0, (False, True): 1.25, (True, False): 1.35, (True, True): 1.85}
"""Time of a step as a multiple of full fine-tuning, for (DoRA, dropout).

Medians of five networks on a CPU. No gradients of full weights saves as much as the updates add.
"""


def frozen_stages(backbone: Backbone, stages: int) -> int:
    """Return how many first stages get no update; a larger ``stages`` than there are means none."""
    return max(0, len(backbone.stages) - stages)


def trained_share(backbone: Backbone, stages: int) -> float:
    """Return the share of the arithmetic in the last stages, in [0, 1]."""
    through = frozen_stages(backbone, stages)
    return 1.0 - backbone.stages[through - 1].flops if through else 1.0


def slowdown(*, dora: bool, dropout: float) -> float:
    """Return the time of a step as a multiple of full fine-tuning."""
    return SLOWDOWNS[dora, dropout > 0]


def affordable(chosen: Chosen, stages: int, *, wanted: int, dora: bool) -> int:
    """Return how many of the wanted epochs fit into a trial's time.

    Args:
        chosen: The facts of the task, with the settings ``image_size`` and ``dropout``.
        stages: Number of last stages with updates.
        wanted: Largest result.
        dora: Whether the lengths of the weights are trained.
    """
    return affordable_epochs(
        chosen.task,
        chosen.backbone,
        input_size=chosen.input_size,
        trained=trained_share(chosen.backbone, stages),
        wanted=wanted,
        share=1 / slowdown(dora=dora, dropout=chosen.values["dropout"]),
        views=1,
    )


@dataclass(frozen=True, slots=True)
class LastStages:
    """The number of last stages with updates: as many as can be trained for some epochs.

    Attributes:
        epochs: Number of epochs that must fit into a trial's time.
        dora: Whether the lengths of the weights are trained.
    """

    epochs: int
    dora: bool

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
            if affordable(chosen, stages, wanted=epochs, dora=self.dora) == epochs:
                return stages
        return 1


@dataclass(frozen=True, slots=True)
class StageEpochs:
    """The number of epochs, or as many as fit with these stages.

    Attributes:
        least: Epochs on large data.
        most: Epochs on small data.
        images: Number of images that are seen in all, between these bounds.
        dora: Whether the lengths of the weights are trained.
    """

    least: int
    most: int
    images: int
    dora: bool

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
        return affordable(chosen, chosen.values["stages"], wanted=wanted, dora=self.dora)
