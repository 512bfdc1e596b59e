"""Unfreeze the stages from the head down, at falling learning rates."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_norm,
    default_reach,
    fit_trial_time,
    suggested_reach,
    trained_share,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, stage_rates, starting_model
from autotl.training import (
    MAX_VIEWS,
    Recipe,
    balance_options,
    probe_seconds,
    step_seconds,
    training_seconds,
    usual_augmentation,
)

if TYPE_CHECKING:
    from autotl.training import PhasedTraining

DECAY = 2.6
"""The factor between the rates of two of the LAYER_GROUPS (Howard & Ruder)."""
LAYER_GROUPS = 4
"""Layer groups of Howard & Ruder's network below the head; the stages share their range of rates."""
UNFREEZING_SHARE = 0.4
"""Share of the epochs until the last stage is unfrozen."""


class GradualUnfreezing:
    """Trains the head first, then unfreezes the stages from the top down.

    Lower stages are more general, so they start later and learn slower. The first stage's rate is the head's
    divided by 2.6 four times, as in the paper's network of four layer groups. The other stages' rates lie
    between by equal factors, which are 2.6 with four stages. The strategy pays if the data is small and the
    whole network is to be trained. No stage gets gradients from layers that are still random. The paper is
    Howard & Ruder, Universal Language Model Fine-tuning for Text Classification, ACL 2018, section 3.3.

    Each phase has its own warm-up and decay of the rate. Outputs of stages that are still frozen are cached.
    Several stages are unfrozen at once if there are fewer epochs than stages.
    """

    name = "gradual_unfreezing"
    summary = "unfreeze the stages from the head down, each at a lower rate than the next"
    reference = "Howard & Ruder, Universal Language Model Fine-tuning for Text Classification, ACL 2018"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"{backbone.name} has {len(backbone.stages)} stages that can be unfrozen")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        found = {
            **reach.settings,
            "unfreezing": UNFREEZING_SHARE,
            "head": "new",
            "lr": 3e-3,
            "decay": DECAY,
            "weight_decay": 0.02,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "balance": "none",
            "norm": default_norm(task, backbone, reach),
        }
        return fit_trial_time(found, partial(_seconds, task=task, backbone=backbone), task)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        found = {
            **suggested_reach(space, task, backbone).settings,
            "unfreezing": space.suggest_float("unfreezing", 0.2, 0.8),
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 3e-4, 1e-2, log=True),
            "decay": space.suggest_float("decay", 1.0, 5.0),
            "weight_decay": space.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }
        return fit_trial_time(found, partial(_seconds, task=task, backbone=backbone), task)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(_seconds(params, task, backbone), 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> PhasedTraining:
        from autotl.backbone import freeze
        from autotl.training import Phase, PhasedTraining

        model = starting_model(params, workbench)
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        plan = plan_of(params, len(workbench.backbone.stages))
        rates = stage_rates(model, lowest=params["decay"] ** -LAYER_GROUPS)
        phases = [
            Phase(
                replace(recipe, epochs=epochs),
                partial(freeze, through=depth, norm=params["norm"]),
                frozen=depth,
                rates=rates,
            )
            for depth, epochs in plan
        ]
        steps = ", then ".join(f"{depth} for {epochs}" for depth, epochs in plan)
        workbench.note(f"Stages were unfrozen from the head down (frozen stages for epochs: {steps}).")
        workbench.note(frozen_sentence(workbench, params["freeze"]))
        return PhasedTraining(model, workbench, phases)


def plan_of(params: Params, stages: int) -> list[tuple[int, int]]:
    """Return the frozen stages and the epochs of each phase.

    The last phase, which trains all stages that are ever trained, has an epoch at least.

    Args:
        params: The settings of a trial.
        stages: Number of stages of the network.
    """
    last, epochs = int(params["freeze"]), int(params["epochs"])
    gradual = min(epochs - 1, round(params["unfreezing"] * epochs))
    # rounded up, so that the last stage is unfrozen only after these epochs
    depths = [last - (last - stages) * (gradual - epoch) // gradual for epoch in range(gradual)]
    depths += [last] * (epochs - gradual)
    return [(depth, len([*same])) for depth, same in groupby(depths)]


def _seconds(params: Params, task: Task, backbone: Backbone) -> float:
    """Predict the seconds of all phases on one fold."""
    seconds = step_seconds(task, epochs=params["epochs"], batch_size=BATCH_SIZE)
    for depth, epochs in plan_of(params, len(backbone.stages)):
        seconds += training_seconds(
            task,
            backbone,
            input_size=params["image_size"],
            trained=trained_share(backbone, depth),
            epochs=epochs,
            views=1 if params["augment"] == "none" else MAX_VIEWS,
        )
    if params["head"] != "probe":
        return seconds
    return seconds + probe_seconds(task, backbone, input_size=params["image_size"])


@hookimpl
def autotl_strategies() -> list[Any]:
    return [GradualUnfreezing()]
