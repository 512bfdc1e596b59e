"""Train on from the pretrained weights, from a chosen depth up."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.training import (
    AUGMENTATIONS,
    MAX_VIEWS,
    PROBE,
    PROBE_SETTINGS,
    VALIDATION_SHARE,
    Recipe,
    affordable_epochs,
    affordable_side,
    affordable_sides,
    balance_options,
    head_seconds,
    training_seconds,
)

if TYPE_CHECKING:
    from autotl.training import Training

EPOCHS = 12  # of a data set large enough to give STEPS in them; a smaller one is passed over more often
STEPS = 400
BATCH = 32
STEP_SECONDS = 3e-3  # of an optimiser's step, besides the layers' own arithmetic, on common hardware
LEAST = 3  # epochs below which fewer layers, that are trained for longer, learn more
FEWEST = 2  # the same for settings that are only tried
NEAR = 0.5
BOLD_STEPS = 60  # of all layers, from which on data far from the source is learned boldly
BOLD_SHARE = 1.5  # of what one trial may cost: what it gains there is worth more than other trials


class FineTune:
    """Freeze the first ``freeze`` stages (0: none; all of them: only the head learns) and train the rest."""

    name = "finetune"
    summary = "train on from the pretrained weights, with the first stages frozen or not"
    reference = "Yosinski et al., How transferable are features in deep neural networks?, NeurIPS 2014"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(
            True, f"{backbone.name} has {len(backbone.stages)} stages that can be frozen or trained"
        )

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        # Near the source, start from the probe's head and move little (Kumar et al., Fine-Tuning can Distort
        # Pretrained Features, ICLR 2022). Far from it more has to change: a higher rate, in early layers too,
        # and statistics of one's own (Li et al., Rethinking the Hyperparameters for Fine-tuning, ICLR 2020).
        # That takes some steps of the whole network: without time for them little is moved there as well.
        wanted = _epochs(task)
        side = affordable_side(task, backbone, trained=1.0, epochs=wanted)
        bold = _likeness(task, backbone) < NEAR and _can_be_bold(task, backbone, side, wanted=wanted)
        if not bold and _is_worth(backbone.side, task, backbone, wanted=LEAST):
            side = max(side, backbone.side)
        depth = 0 if bold else _affordable_depth(task, backbone, side, wanted=LEAST)
        trained, share = _trained(backbone, depth), BOLD_SHARE if bold else 1.0
        return {
            "freeze": depth,
            "head": "new" if bold else "probe",
            "lr": 3e-3 if bold else 3e-4,
            "layer_decay": 0.95 if bold else 0.75,
            "weight_decay": 0.02,
            "epochs": affordable_epochs(
                task, backbone, side=side, trained=trained, wanted=wanted, views=1, share=share
            ),
            "augment": "none" if depth else "shift",
            "balance": "none",
            "norm": "batch" if bold else "frozen",
            "image_size": side,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        usual = _epochs(task)
        sides = affordable_sides(task, backbone, trained=1.0, epochs=max(1, usual // 3))
        if backbone.side > sides[-1] and _is_worth(backbone.side, task, backbone, wanted=FEWEST):
            sides.append(backbone.side)
        side = space.suggest_categorical("image_size", sides)
        least = _affordable_depth(task, backbone, side, wanted=FEWEST)
        depth = space.suggest_int("freeze", least, len(backbone.stages))
        trained = _trained(backbone, depth)
        wanted = space.suggest_int("epochs", 1, 2 * usual, log=True)
        return {
            "freeze": depth,
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "weight_decay": space.suggest_float("weight_decay", 1e-4, 0.3, log=True),
            "epochs": affordable_epochs(
                task, backbone, side=side, trained=trained, wanted=wanted, views=MAX_VIEWS
            ),
            "augment": space.suggest_categorical("augment", list(AUGMENTATIONS)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
            "image_size": side,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        trained = _trained(backbone, params["freeze"])
        seconds = training_seconds(
            task,
            backbone,
            side=params["image_size"],
            trained=trained,
            epochs=params["epochs"],
            views=1 if params["augment"] == "none" else MAX_VIEWS,
        )
        # of no account but where little else is trained
        seconds += params["epochs"] * STEP_SECONDS * (1 - VALIDATION_SHARE) * task.train_rows / BATCH
        if params["head"] == "probe":
            seconds += head_seconds(task, backbone)
        return Cost(seconds, 16 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Training:
        from autotl.backbone import freeze, set_head
        from autotl.training import Training

        model = bench.model()
        if params["head"] == "probe":
            found = bench.heads(PROBE_SETTINGS, side=params["image_size"])
            set_head(model, *found[PROBE_SETTINGS.index(PROBE)])
        train_mode = freeze(model, params["freeze"], norm=params["norm"])
        recipe = Recipe.from_params(params, batch_size=BATCH)
        return Training(model, bench, recipe, train_mode=train_mode, frozen=params["freeze"])


def _affordable_depth(task: Task, backbone: Backbone, side: int, *, wanted: int) -> int:
    """The fewest stages to freeze so that the others are trained for so many epochs in the time of a
    trial.
    """
    for depth in range(len(backbone.stages)):
        trained = _trained(backbone, depth)
        if affordable_epochs(task, backbone, side=side, trained=trained, wanted=wanted, views=1) == wanted:
            return depth
    return len(backbone.stages)


def _is_worth(side: int, task: Task, backbone: Backbone, *, wanted: int) -> bool:
    """Whether there is time for more than a head at this size: few layers that see much learn more than many
    that see little, and what the others give may be there already.
    """
    return _affordable_depth(task, backbone, side, wanted=wanted) < len(backbone.stages)


def _can_be_bold(task: Task, backbone: Backbone, side: int, *, wanted: int) -> bool:
    """Whether a trial has time for all the ``wanted`` epochs of the whole network, or for BOLD_STEPS."""
    epochs = affordable_epochs(task, backbone, side=side, trained=1.0, wanted=wanted, share=BOLD_SHARE)
    seconds = training_seconds(task, backbone, side=side, trained=1.0, epochs=epochs) * task.folds
    if task.trial_seconds is not None and seconds > BOLD_SHARE * task.trial_seconds:
        return False  # not even one
    return epochs == wanted or epochs * (1 - VALIDATION_SHARE) * task.train_rows / BATCH >= BOLD_STEPS


def _epochs(task: Task) -> int:
    return max(EPOCHS, min(3 * EPOCHS, STEPS * BATCH // task.train_rows))


def _likeness(task: Task, backbone: Backbone) -> float:
    """The middle of the measured similarities; 0, the more careful assumption, where there are none."""
    found = task.likeness.get(backbone.name, {}).values()
    return median(found) if found else 0.0


def _trained(backbone: Backbone, depth: int) -> float:
    """The share of the arithmetic that runs backward when ``depth`` stages are frozen."""
    return 1.0 - backbone.stages[depth - 1].flops if depth else 1.0


@hookimpl
def autotl_strategies() -> list[Any]:
    return [FineTune()]
