"""Train the head, then all layers, by the recipe of fastai's ``fine_tune``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_norm,
    default_reach,
    fit_trial_time,
    tuning_seconds,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, stage_rates
from autotl.training import Recipe, step_seconds, training_seconds, usual_augmentation

if TYPE_CHECKING:
    from autotl.training import PhasedTraining

BASE_RATE = 2e-3
FROZEN_EPOCHS = 1
RATE_RANGE = 100.0
"""The head's rate in the second phase, as a multiple of the first stage's."""
FROZEN_WARMUP, WARMUP = 0.99, 0.3
"""Shares of each phase's steps in which the rate rises."""
WEIGHT_DECAY = 0.01


class TwoPhase:
    """Trains the head for an epoch, then all stages at rising rates.

    It is the recipe of fastai's ``Learner.fine_tune``, with nothing to search. First the head has a rate of
    0.002. Then it has half of that rate, and the first stage a hundredth of the head's. Each phase has a
    one-cycle schedule (Smith & Topin, Super-Convergence, 2019). The strategy pays if there is time for one
    trial only, and is a yardstick for searches. The paper is Howard & Gugger, fastai: A Layered API for Deep
    Learning, Information 2020.

    The head is one linear layer, and the momentum is constant, unlike fastai's. BatchNorm is frozen in the
    first phase, which can therefore train on cached features. As many epochs are planned, and as many stages
    unfrozen, as fit into a trial's time.
    """

    name = "two_phase"
    summary = "train the head for an epoch, then all layers at rates that rise with depth; no search"
    reference = "Howard & Gugger, fastai: A Layered API for Deep Learning, Information 2020"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "the recipe has one setting for all data")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        found = {
            **reach.settings,
            "lr": BASE_RATE,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "norm": default_norm(task, backbone, reach),
        }
        return fit_trial_time(found, partial(_seconds, task=task, backbone=backbone), task)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return self.defaults(task, backbone)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(_seconds(params, task, backbone), 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> PhasedTraining:
        from autotl.backbone import freeze
        from autotl.training import Phase, PhasedTraining

        model, stages, depth = workbench.model(), len(workbench.backbone.stages), params["freeze"]
        shared = {"weight_decay": WEIGHT_DECAY, "label_smoothing": 0.0, "batch_size": BATCH_SIZE}
        head = {**params, "epochs": FROZEN_EPOCHS, "augment": "none"}
        rest = {**params, "lr": params["lr"] / 2}
        phases = [
            Phase(
                Recipe.from_params(head, warmup=FROZEN_WARMUP, **shared),
                partial(freeze, through=stages, norm="frozen"),
                frozen=stages,
            ),
            Phase(
                Recipe.from_params(rest, warmup=WARMUP, **shared),
                partial(freeze, through=depth, norm=params["norm"]),
                frozen=depth,
                rates=stage_rates(model, lowest=1 / RATE_RANGE),
            ),
        ]
        workbench.note(
            f"First the head was trained alone (epochs: {FROZEN_EPOCHS}), at a rate of {params['lr']:.2g}. "
            f"Then all layers that are not frozen were trained (epochs: {params['epochs']}), "
            f"at rates from {rest['lr'] / RATE_RANGE:.2g} in the first stage to {rest['lr']:.2g} in the head."
        )
        workbench.note(frozen_sentence(workbench, depth))
        return PhasedTraining(model, workbench, phases)


def _seconds(params: Params, task: Task, backbone: Backbone) -> float:
    """Predict the seconds of both phases on one fold."""
    head = training_seconds(
        task, backbone, input_size=params["image_size"], trained=0.0, epochs=FROZEN_EPOCHS, views=1
    )
    head += step_seconds(task, epochs=FROZEN_EPOCHS, batch_size=BATCH_SIZE)
    return head + tuning_seconds(params, task, backbone)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [TwoPhase()]
