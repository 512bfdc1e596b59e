"""Train the backbone's architecture from random weights, to show what its pretrained weights add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.baselines.random_start import (
    default_settings,
    suggested_settings,
    train_from_random,
    training_cost,
)
from autotl.training import affordable_epochs, affordable_size, affordable_sizes

if TYPE_CHECKING:
    from autotl.training import Training

DEFAULT_EPOCHS = 60  # random weights need several times the epochs of pretrained ones (He et al.)
MIN_EPOCHS = 20
TRIAL_TIME_SHARE = 0.5
"""Fraction of a trial's time that one fold may take.

With one backbone and three arms it is a fifth of the search time, the share of the baselines. It does not
shrink with the number of folds: random weights need epochs more than a precise score.
"""


class FromScratch:
    """Trains the backbone's architecture from random weights, for longer than fine-tuning.

    It shows what the pretrained weights add. Whether transfer pays is measured against smaller networks,
    which learn more from few images in little time.
    """

    name = "from_scratch"
    summary = "the backbone's own architecture from random weights: shows what its weights add"
    reference = "He et al., Rethinking ImageNet Pre-training, ICCV 2019"
    baseline = True
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "the baseline that the gain of transfer is measured against")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        share = _time_share(task)
        input_size = affordable_size(task, backbone, trained=1.0, epochs=MIN_EPOCHS, share=share)
        epochs = affordable_epochs(
            task, backbone, input_size=input_size, trained=1.0, wanted=DEFAULT_EPOCHS, share=share
        )
        return default_settings(task, lr=3e-3, epochs=epochs, input_size=input_size)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        share = _time_share(task)
        input_sizes = affordable_sizes(task, backbone, trained=1.0, epochs=MIN_EPOCHS // 2, share=share)
        input_size = space.suggest_categorical("image_size", input_sizes)
        wanted = space.suggest_int("epochs", MIN_EPOCHS // 2, 2 * DEFAULT_EPOCHS, log=True)
        epochs = affordable_epochs(
            task, backbone, input_size=input_size, trained=1.0, wanted=wanted, share=share
        )
        return suggested_settings(space, task, lr=(3e-4, 2e-2), epochs=epochs, input_size=input_size)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return training_cost(params, task, backbone)

    def build(self, params: Params, workbench: Workbench) -> Training:
        return train_from_random(params, workbench)


def _time_share(task: Task) -> float:
    return TRIAL_TIME_SHARE * task.folds


@hookimpl
def autotl_strategies() -> list[Any]:
    return [FromScratch()]
