"""Train only the normalisation layers, the biases and the head."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    BATCH_SIZE,
    default_norm,
    default_reach,
    suggested_reach,
    tuning_seconds,
)
from autotl.builtin.strategies.tuning.start import frozen_sentence, starting_model
from autotl.training import Recipe, balance_options, usual_augmentation

if TYPE_CHECKING:
    from torch import nn

    from autotl.training import Training

BACKWARD_SHARE = 0.55
"""Share of the backward pass that is left without the gradients of weight matrices."""


class NormOnly:
    """Trains scales and shifts of normalisation layers, biases, and the head.

    These are about one parameter in a hundred. The strategy pays if all weights would overfit on few images,
    but a probe underfits. With much data or far from the source, all weights learn more. The papers are
    BitFit (Ben Zaken et al., ACL 2022) and TinyTL (Cai et al., NeurIPS 2020). Frankle et al. (Training
    BatchNorm and Only BatchNorm, ICLR 2021) show how much these parameters can express.

    If a trial's time is short, the first stages stay frozen as a whole, and their outputs are cached.
    """

    name = "norm_only"
    summary = "train only the scales and shifts of normalisation layers, the biases and the head"
    reference = "Ben Zaken et al., BitFit, ACL 2022; Cai et al., TinyTL, NeurIPS 2020"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        if backbone.vectors == 0:
            return Applies(False, f"{backbone.name} has no normalisation layers and no biases to train")
        return Applies(True, "every network has scales, shifts or biases besides its weight matrices")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        return {
            **reach.settings,
            "head": "probe",
            "lr": 3e-3,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "balance": "none",
            "norm": default_norm(task, backbone, reach),
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {
            **suggested_reach(space, task, backbone).settings,
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 3e-4, 3e-2, log=True),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = tuning_seconds(params, task, backbone, backward=BACKWARD_SHARE)
        return Cost(seconds, 4 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze
        from autotl.training import Training

        model = starting_model(params, workbench)
        train_mode = freeze(model, params["freeze"], norm=params["norm"])
        trained = freeze_matrices(model)
        share = trained / sum(value.numel() for value in model.parameters())
        workbench.note(
            f"Only scales, shifts, biases and the head were trained: {share:.1%} of the parameters."
        )
        workbench.note(frozen_sentence(workbench, params["freeze"]))
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=params["freeze"])


def freeze_matrices(model: nn.Module) -> int:
    """Freeze all but vectors and the head, and count the trained parameters."""
    from autotl.backbone import heads

    head = {id(value) for each in heads(model) for value in each.parameters()}
    for value in model.parameters():
        if value.ndim > 1 and id(value) not in head:
            value.requires_grad_(False)
    return sum(value.numel() for value in model.parameters() if value.requires_grad)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [NormOnly()]
