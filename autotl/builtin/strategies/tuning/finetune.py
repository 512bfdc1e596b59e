"""Continue training from the pretrained weights, from a chosen depth up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import (
    AGGRESSIVE_STEPS,
    BATCH_SIZE,
    MIN_EPOCHS,
    MIN_NEAR_SIMILARITY,
    affordable_depth,
    can_train_stages,
    similarity,
    suggested_reach,
    trained_share,
    tuning_seconds,
    usual_epochs,
)
from autotl.builtin.strategies.tuning.start import starting_model
from autotl.training import (
    VALIDATION_SHARE,
    Recipe,
    affordable_epochs,
    affordable_size,
    balance_options,
    training_seconds,
    usual_augmentation,
)

if TYPE_CHECKING:
    from autotl.training import Training

AGGRESSIVE_TIME_SHARE = 1.5
"""The time of an aggressive trial, as a multiple of a trial's; it gains more than further trials."""


class FineTune:
    """Freezes the first ``freeze`` stages, and trains the others.

    With 0 the whole network is trained; with all stages only the head.
    """

    name = "finetune"
    summary = "train on from the pretrained weights, with the first stages frozen or not"
    reference = "Yosinski et al., How transferable are features in deep neural networks?, NeurIPS 2014"
    baseline = False
    api = VERSION

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(
            True, f"{backbone.name} has {len(backbone.stages)} stages that can be frozen or trained"
        )

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        # Near the source: start from the probe's head and change little (Kumar et al., Fine-Tuning can
        # Distort Pretrained Features, ICLR 2022). Far from it: a higher rate, in early layers too, and new
        # BatchNorm statistics (Li et al., Rethinking the Hyperparameters for Fine-tuning, ICLR 2020). That
        # takes some steps of the whole network; with less time, change little there as well.
        wanted = usual_epochs(task)
        input_size = affordable_size(task, backbone, trained=1.0, epochs=wanted)
        aggressive = similarity(task, backbone) < MIN_NEAR_SIMILARITY and _has_time_for_aggressive(
            task, backbone, input_size, wanted=wanted
        )
        if not aggressive and can_train_stages(task, backbone, backbone.input_size, epochs=MIN_EPOCHS):
            input_size = max(input_size, backbone.input_size)
        depth = 0 if aggressive else affordable_depth(task, backbone, input_size, epochs=MIN_EPOCHS)
        share = AGGRESSIVE_TIME_SHARE if aggressive else 1.0
        trained = trained_share(backbone, depth)
        return {
            "freeze": depth,
            "head": "new" if aggressive else "probe",
            "lr": 3e-3 if aggressive else 3e-4,
            "layer_decay": 0.95 if aggressive else 0.75,
            "weight_decay": 0.02,
            "epochs": affordable_epochs(
                task, backbone, input_size=input_size, trained=trained, wanted=wanted, views=1, share=share
            ),
            "augment": usual_augmentation(task, frozen=depth > 0),
            "balance": "none",
            "norm": "batch" if aggressive else "frozen",
            "image_size": input_size,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        reach = suggested_reach(space, task, backbone)
        return {
            "freeze": reach.freeze,
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "weight_decay": space.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "epochs": reach.epochs,
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
            "image_size": reach.image_size,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(tuning_seconds(params, task, backbone, features=False), 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze
        from autotl.training import Training

        model = starting_model(params, workbench)
        train_mode = freeze(model, params["freeze"], norm=params["norm"])
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=params["freeze"])


def _has_time_for_aggressive(task: Task, backbone: Backbone, input_size: int, *, wanted: int) -> bool:
    """Return whether all wanted epochs of the whole network fit, or AGGRESSIVE_STEPS."""
    epochs = affordable_epochs(
        task, backbone, input_size=input_size, trained=1.0, wanted=wanted, share=AGGRESSIVE_TIME_SHARE
    )
    seconds = training_seconds(task, backbone, input_size=input_size, trained=1.0, epochs=epochs) * task.folds
    if task.trial_seconds is not None and seconds > AGGRESSIVE_TIME_SHARE * task.trial_seconds:
        return False  # not even one epoch fits
    steps = epochs * (1 - VALIDATION_SHARE) * task.train_rows / BATCH_SIZE
    return epochs == wanted or steps >= AGGRESSIVE_STEPS


@hookimpl
def autotl_strategies() -> list[Any]:
    return [FineTune()]
