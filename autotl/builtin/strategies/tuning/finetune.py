"""Continue training from the pretrained weights, from a chosen depth up."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.training import (
    AUGMENTATIONS,
    MAX_VIEWS,
    PROBE,
    PROBE_SETTINGS,
    VALIDATION_SHARE,
    Recipe,
    affordable_epochs,
    affordable_size,
    affordable_sizes,
    balance_options,
    head_seconds,
    training_seconds,
)

if TYPE_CHECKING:
    from autotl.training import Training

DEFAULT_EPOCHS = 12
"""Epochs on data large enough for TARGET_STEPS; smaller data gets up to three times as many."""
TARGET_STEPS = 400
BATCH_SIZE = 32
STEP_SECONDS = 3e-3
"""Seconds of an optimiser step besides the layers' arithmetic, on common hardware."""
MIN_EPOCHS = 3
"""Fewest default epochs; with less time, fewer layers are trained for longer."""
MIN_SEARCHED_EPOCHS = 2
"""Fewest epochs of suggested settings; with less time, fewer layers are trained for longer."""
MIN_NEAR_SIMILARITY = 0.5
"""Smallest similarity of data that is near the source."""
AGGRESSIVE_STEPS = 60
"""Fewest steps of the whole network for the aggressive settings on data far from the source."""
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
        wanted = _usual_epochs(task)
        input_size = affordable_size(task, backbone, trained=1.0, epochs=wanted)
        aggressive = _similarity(task, backbone) < MIN_NEAR_SIMILARITY and _has_time_for_aggressive(
            task, backbone, input_size, wanted=wanted
        )
        if not aggressive and _can_train_stages(task, backbone, backbone.input_size, epochs=MIN_EPOCHS):
            input_size = max(input_size, backbone.input_size)
        depth = 0 if aggressive else _affordable_depth(task, backbone, input_size, epochs=MIN_EPOCHS)
        share = AGGRESSIVE_TIME_SHARE if aggressive else 1.0
        trained = _trained_share(backbone, depth)
        return {
            "freeze": depth,
            "head": "new" if aggressive else "probe",
            "lr": 3e-3 if aggressive else 3e-4,
            "layer_decay": 0.95 if aggressive else 0.75,
            "weight_decay": 0.02,
            "epochs": affordable_epochs(
                task, backbone, input_size=input_size, trained=trained, wanted=wanted, views=1, share=share
            ),
            "augment": "none" if depth else "shift",
            "balance": "none",
            "norm": "batch" if aggressive else "frozen",
            "image_size": input_size,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        usual = _usual_epochs(task)
        input_sizes = affordable_sizes(task, backbone, trained=1.0, epochs=max(1, usual // 3))
        if backbone.input_size > input_sizes[-1] and _can_train_stages(
            task, backbone, backbone.input_size, epochs=MIN_SEARCHED_EPOCHS
        ):
            input_sizes.append(backbone.input_size)
        input_size = space.suggest_categorical("image_size", input_sizes)
        shallowest = _affordable_depth(task, backbone, input_size, epochs=MIN_SEARCHED_EPOCHS)
        depth = space.suggest_int("freeze", shallowest, len(backbone.stages))
        trained = _trained_share(backbone, depth)
        wanted = space.suggest_int("epochs", 1, 2 * usual, log=True)
        return {
            "freeze": depth,
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "weight_decay": space.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "epochs": affordable_epochs(
                task, backbone, input_size=input_size, trained=trained, wanted=wanted, views=MAX_VIEWS
            ),
            "augment": space.suggest_categorical("augment", list(AUGMENTATIONS)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
            "image_size": input_size,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = training_seconds(
            task,
            backbone,
            input_size=params["image_size"],
            trained=_trained_share(backbone, params["freeze"]),
            epochs=params["epochs"],
            views=1 if params["augment"] == "none" else MAX_VIEWS,
        )
        # negligible unless few layers are trained
        seconds += params["epochs"] * STEP_SECONDS * (1 - VALIDATION_SHARE) * task.train_rows / BATCH_SIZE
        if params["head"] == "probe":
            seconds += head_seconds(task, backbone)
        return Cost(seconds, 16 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze, set_head
        from autotl.training import Training

        model = workbench.model()
        if params["head"] == "probe":
            heads = workbench.linear_heads(PROBE_SETTINGS, input_size=params["image_size"])
            set_head(model, *heads[PROBE_SETTINGS.index(PROBE)])
        train_mode = freeze(model, params["freeze"], norm=params["norm"])
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE)
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=params["freeze"])


def _affordable_depth(task: Task, backbone: Backbone, input_size: int, *, epochs: int) -> int:
    """Return the fewest stages to freeze so that the epochs fit."""
    for depth in range(len(backbone.stages)):
        trained = _trained_share(backbone, depth)
        fitting = affordable_epochs(
            task, backbone, input_size=input_size, trained=trained, wanted=epochs, views=1
        )
        if fitting == epochs:
            return depth
    return len(backbone.stages)


def _can_train_stages(task: Task, backbone: Backbone, input_size: int, *, epochs: int) -> bool:
    """Return whether more than a head can be trained at this size.

    Few layers on large images learn more than many layers on small ones, and the outputs of the other
    layers may be cached already.
    """
    return _affordable_depth(task, backbone, input_size, epochs=epochs) < len(backbone.stages)


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


def _usual_epochs(task: Task) -> int:
    return max(DEFAULT_EPOCHS, min(3 * DEFAULT_EPOCHS, TARGET_STEPS * BATCH_SIZE // task.train_rows))


def _similarity(task: Task, backbone: Backbone) -> float:
    """Return the median of the measured similarities; 0, which is cautious, if there are none."""
    found = task.likeness.get(backbone.name, {}).values()
    return median(found) if found else 0.0


def _trained_share(backbone: Backbone, depth: int) -> float:
    """Return the trained fraction of the arithmetic with ``depth`` frozen stages."""
    return 1.0 - backbone.stages[depth - 1].flops if depth else 1.0


@hookimpl
def autotl_strategies() -> list[Any]:
    return [FineTune()]
