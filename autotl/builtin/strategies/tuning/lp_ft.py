"""Fit a linear probe, then fine-tune at a low rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, HeadSetting, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_reach,
    suggested_reach,
    tuning_seconds,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, probed_model
from autotl.training import (
    PROBE_SETTINGS,
    Recipe,
    balance_options,
    probe_seconds,
    usual_augmentation,
)

if TYPE_CHECKING:
    from autotl.training import Training

USUAL_RATE = 3e-3
"""The rate at which a new head and the layers below it are trained together."""
RATE_DIVISOR = 10
"""The usual rate divided by that of the second step."""
C_VALUES = (1e-3, *(setting.c for setting in PROBE_SETTINGS), 0.1, 1.0)
"""Inverse regularisation of the probe, as scikit-learn's C."""


class LpFt:
    """Fits a linear probe to convergence, then trains at a low rate.

    A random head sends large, random gradients into pretrained layers, and distorts their features. From the
    probe's head these gradients are small, and the rate is a tenth of the usual one. The strategy pays if
    the features are good already, and for images unlike the training images. Far from the source it changes
    too little. The paper is Kumar et al., Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution, ICLR 2022.

    The whole network is trained if a trial's time suffices; otherwise the first stages stay frozen.
    """

    name = "lp_ft"
    summary = "fit a linear probe, then train the network from there at a tenth of the usual rate"
    reference = "Kumar et al., Fine-Tuning can Distort Pretrained Features, ICLR 2022"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"a probe on the {backbone.features} features of {backbone.name} can be tuned")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        return {
            **reach.settings,
            "C": PROBE_SETTINGS[-1].c,
            "lr": USUAL_RATE / RATE_DIVISOR,
            "layer_decay": 1.0,
            "weight_decay": 0.02,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "balance": "none",
            "norm": "frozen",
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {
            **suggested_reach(space, task, backbone).settings,
            "C": space.suggest_categorical("C", list(C_VALUES)),
            "lr": space.suggest_float("lr", 1e-5, 3e-3, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "weight_decay": space.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        probe = probe_seconds(task, backbone, input_size=params["image_size"])
        return Cost(tuning_seconds(params, task, backbone) + probe, 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze
        from autotl.training import Training

        setting = HeadSetting(params["C"], balanced=params["balance"] != "none")
        model = probed_model(workbench, setting, input_size=params["image_size"])
        train_mode = freeze(model, params["freeze"], norm=params["norm"])
        workbench.note(
            f"A linear probe (C = {params['C']:g}) was fitted first. "
            f"All layers that are not frozen were then trained at a rate of {params['lr']:.2g}."
        )
        workbench.note(frozen_sentence(workbench, params["freeze"]))
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=params["freeze"])


@hookimpl
def autotl_strategies() -> list[Any]:
    return [LpFt()]
