"""Settings of trainings on both domains that fit a trial's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autotl.api import Backbone, Space
from autotl.toolbox import Chosen, Int, affordable_epochs

MAX_STAGES = 64
LEAST_EPOCHS = 3
"""Epochs that must fit; with less time, fewer stages are trained."""
DOMAINS = 2
"""A step sees as many deploy images as training images."""


def trained_share(backbone: Backbone, freeze: int) -> float:
    """Return the trained share of the arithmetic, in [0, 1]."""
    through = min(freeze, len(backbone.stages))
    return 1.0 - backbone.stages[through - 1].flops if through else 1.0


def affordable(chosen: Chosen, freeze: int, *, wanted: int) -> int:
    """Return how many of the wanted epochs fit into a trial's time.

    Args:
        chosen: The facts of the task, with the image size.
        freeze: Number of frozen first stages.
        wanted: Largest result.
    """
    return affordable_epochs(
        chosen.task,
        chosen.backbone,
        input_size=chosen.input_size,
        trained=trained_share(chosen.backbone, freeze),
        wanted=wanted,
        share=1 / DOMAINS,
    )


@dataclass(frozen=True, slots=True)
class Freeze:
    """The number of frozen first stages: as few as the time of a trial allows."""

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return self._fewest(chosen, LEAST_EPOCHS)

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return space.suggest_int(name, self._fewest(chosen, LEAST_EPOCHS - 1), len(chosen.backbone.stages))

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(0, 0, MAX_STAGES).check(name, value)

    def _fewest(self, chosen: Chosen, epochs: int) -> int:
        stages = len(chosen.backbone.stages)
        fitting = (each for each in range(stages) if affordable(chosen, each, wanted=epochs) == epochs)
        return next(fitting, stages)


@dataclass(frozen=True, slots=True)
class Epochs:
    """The number of epochs, or as many as fit with the frozen stages.

    Attributes:
        least: Epochs on large data.
        most: Epochs on small data.
        images: Number of training images that are seen in all, between these bounds.
    """

    least: int = 8
    most: int = 24
    images: int = 8_000

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return affordable(chosen, chosen.values["freeze"], wanted=self._usual(chosen))

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        wanted = space.suggest_int(name, 1, 2 * self._usual(chosen), log=True)
        return affordable(chosen, chosen.values["freeze"], wanted=wanted)

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(1, 1, 10 * self.most).check(name, value)

    def _usual(self, chosen: Chosen) -> int:
        return max(self.least, min(self.most, self.images // chosen.task.train_rows))
