"""Settings that depend on the network and the time of a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autotl.api import Backbone, Params, Space, Task
from autotl.toolbox import Chosen, Float, Int

SHARE = 0.6
"""Share of a trial's time for the self-supervised steps, which all folds share."""
USUAL_STEPS, MAX_STEPS = 1000, 5000
LEAST_STEPS = 20
"""Steps below which the features hardly change."""
SIZED_STEPS = 100
"""Steps that must fit at the default image size."""
USUAL_STAGES, MAX_STAGES = 2, 64
BATCH_SIZES = (16, 32, 64)
STEP_SECONDS = 8e-3
"""Seconds of a step besides views and network, on common hardware."""
VALUE_SECONDS = 1e-8
"""Seconds for a value of an augmented view, on common hardware."""


def frozen_stages(backbone: Backbone, stages: int) -> int:
    """Return how many first stages stay frozen, if ``stages`` last ones are trained."""
    return max(0, len(backbone.stages) - stages)


def trained_share(backbone: Backbone, stages: int) -> float:
    """Return the share of the arithmetic in the last stages, in [0, 1]."""
    through = frozen_stages(backbone, stages)
    return 1.0 - backbone.stages[through - 1].flops if through else 1.0


def step_seconds(params: Params, backbone: Backbone) -> float:
    """Predict the seconds of a self-supervised step.

    Frozen stages run forward in each step, because each step draws new views. Feature distillation adds a
    forward pass of the pretrained network.
    """
    size, views = params["image_size"], 2 * params["batch_size"]
    share = trained_share(backbone, params["stages"])
    seconds = STEP_SECONDS + VALUE_SECONDS * 3 * views * size**2
    seconds += backbone.pace.seconds(views, input_size=size, trained=share)
    if params["distill"]:
        seconds += backbone.pace.seconds(views, input_size=size)
    return seconds


def affordable_steps(task: Task, backbone: Backbone, params: Params, *, wanted: int) -> int:
    """Return how many of the wanted steps fit into their share of a trial's time.

    Args:
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
        params: The settings that a step depends on.
        wanted: Largest result.

    Returns:
        Steps, from 0 to ``wanted``.
    """
    if task.trial_seconds is None:
        return wanted
    return min(wanted, int(SHARE * task.trial_seconds / step_seconds(params, backbone)))


def most_steps(task: Task, backbone: Backbone, *, input_size: int) -> int:
    """Return the steps that fit with one trained stage, small batches and no distillation.

    Args:
        task: Gives the time of a trial.
        backbone: Gives the measured speed.
        input_size: Image size in pixels.
    """
    params = {"image_size": input_size, "batch_size": BATCH_SIZES[0], "stages": 1, "distill": 0.0}
    return affordable_steps(task, backbone, params, wanted=MAX_STEPS)


@dataclass(frozen=True, slots=True)
class LastStages:
    """The number of last stages that are trained."""

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return min(USUAL_STAGES, len(chosen.backbone.stages))

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return space.suggest_int(name, 1, len(chosen.backbone.stages))

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(1, 1, MAX_STAGES).check(name, value)


@dataclass(frozen=True, slots=True)
class ViewSize:
    """The image size: the largest at which SIZED_STEPS fit, else the smallest."""

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        task, backbone = chosen.task, chosen.backbone
        sizes = _sizes(backbone)
        fits = [
            size
            for size in sizes
            if affordable_steps(task, backbone, {**chosen.values, "image_size": size}, wanted=SIZED_STEPS)
            == SIZED_STEPS
        ]
        return max(fits, default=sizes[0])

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        task, backbone = chosen.task, chosen.backbone
        sizes = _sizes(backbone)
        fits = [size for size in sizes if most_steps(task, backbone, input_size=size) >= SIZED_STEPS]
        found: int = space.suggest_categorical(name, fits or sizes[:1])
        return found

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(32, 1, 4096).check(name, value)


def _sizes(backbone: Backbone) -> list[int]:
    """Return the sizes up to that of the cached features, ascending."""
    return [size for size in backbone.input_sizes if size <= backbone.input_size] or [backbone.input_size]


@dataclass(frozen=True, slots=True)
class Steps:
    """The number of self-supervised steps: as many as fit, at most MAX_STEPS."""

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`."""
        return self._fitting(chosen, USUAL_STEPS)

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`autotl.toolbox.Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return self._fitting(chosen, space.suggest_int(name, LEAST_STEPS, MAX_STEPS, log=True))

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        Int(1, 1, MAX_STEPS).check(name, value)

    def _fitting(self, chosen: Chosen, wanted: int) -> int:
        return max(1, affordable_steps(chosen.task, chosen.backbone, chosen.values, wanted=wanted))


@dataclass(frozen=True, slots=True)
class NotSearched:
    """A setting that keeps its default unless the user fixes another value."""

    setting: Int | Float

    def default_for(self, chosen: Chosen) -> float:
        """See :class:`autotl.toolbox.Setting`."""
        return self.setting.default

    def suggest(self, space: Space, name: str, chosen: Chosen) -> float:
        """See :class:`autotl.toolbox.Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return self.setting.default

    def check(self, name: str, value: Any) -> None:
        """See :class:`autotl.toolbox.Setting`."""
        self.setting.check(name, value)
