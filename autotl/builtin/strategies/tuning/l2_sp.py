"""Fine-tune with a penalty on the distance from the pretrained weights."""

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
    from autotl.training import Training

# Li et al. take α = 0.1 and β = 0.01 with SGD at a rate of 0.01 for 9,000 steps. Without gradients a distance
# then decays to less than a hundredth. The ratio and the decay are about the same here, in the few hundred
# steps of AdamW at DEFAULT_RATE.
ALPHA, BETA = 60.0, 6.0
DEFAULT_RATE = 3e-4
"""The rate of ``finetune``: the two differ in the centre of the decay alone."""


class L2Sp:
    """Trains the layers with a pull towards their pretrained values.

    Weight decay pulls weights towards zero, and away from the source. Here ``alpha`` pulls the pretrained
    weights towards their starting values, and ``beta`` the head, which has none, towards zero. The strategy
    pays if all layers are trained on few images of a kind that the source covers. The paper is Li, Grandvalet
    & Davoine, Explicit Inductive Bias for Transfer Learning with Convolutional Networks, ICML 2018.

    The pull is decoupled from the gradients as AdamW's weight decay is, so that Adam does not rescale it.
    """

    name = "l2_sp"
    summary = "train with a penalty on the distance from the pretrained weights"
    reference = "Li et al., Explicit Inductive Bias for Transfer Learning, ICML 2018"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"the weights of {backbone.name} are a starting point to stay near")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        reach = default_reach(task, backbone)
        return {
            **reach.settings,
            "head": "probe",
            "lr": DEFAULT_RATE,
            "layer_decay": 0.75,
            "alpha": ALPHA,
            "beta": BETA,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
            "balance": "none",
            "norm": default_norm(task, backbone, reach),
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {
            **suggested_reach(space, task, backbone).settings,
            "head": space.suggest_categorical("head", ["probe", "new"]),
            "lr": space.suggest_float("lr", 1e-4, 1e-2, log=True),
            "layer_decay": space.suggest_float("layer_decay", 0.5, 1.0),
            "alpha": space.suggest_float("alpha", 0.3, 600.0, log=True),
            "beta": space.suggest_float("beta", 0.03, 60.0, log=True),
            "augment": space.suggest_categorical("augment", list(task.augmentations)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "norm": space.suggest_categorical("norm", ["frozen", "batch"]),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(tuning_seconds(params, task, backbone), 20 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze, layout
        from autotl.training import StartingPoint, Training

        model, depth = starting_model(params, workbench), params["freeze"]
        train_mode = freeze(model, depth, norm=params["norm"])
        trained = frozenset[str]().union(*layout(model).parameters[depth:])
        start = StartingPoint.of(model, trained, strength=params["alpha"])
        workbench.note(
            f"Pretrained weights were pulled towards their starting values (α = {params['alpha']:.3g}), "
            f"and the head towards zero (β = {params['beta']:.3g})."
        )
        workbench.note(frozen_sentence(workbench, depth))
        recipe = Recipe.from_params(params, batch_size=BATCH_SIZE, weight_decay=params["beta"])
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=depth, start=start)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [L2Sp()]
