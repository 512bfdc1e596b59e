"""Train the backbone's own architecture from a random start: what its weights bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.training import (
    AUGMENTATIONS,
    Recipe,
    affordable_epochs,
    affordable_side,
    affordable_sides,
    balance_options,
    epoch_seconds,
)

if TYPE_CHECKING:
    from autotl.training import Training

EPOCHS = 60  # a random start needs several times the epochs of a pretrained one (He et al.)
LEAST = 20
SHARE = 0.5
"""Of what one trial may cost. With one backbone and three arms that is a fifth of the time for trials, the
share that the search owes to baselines: more would be taken from what they are compared with. It is for one
fold, however many others are seen on: a random start needs epochs more than a surer score.
"""


class FromScratch:
    """The backbone's architecture, re-initialised, with a longer recipe of its own.

    It answers what the pretrained weights bring. Whether transfer pays is measured against smaller networks,
    which learn more from few images in little time.
    """

    name = "from_scratch"
    summary = (
        "the backbone's own architecture from random weights: shows what its weights bring; by name only"
    )
    reference = "He et al., Rethinking ImageNet Pre-training, ICCV 2019"
    baseline = True
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "the baseline that the gain of transfer is measured against")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        side = affordable_side(task, backbone, trained=1.0, epochs=LEAST, share=_share(task))
        return {
            "lr": 3e-3,
            "weight_decay": 0.05,
            "epochs": affordable_epochs(
                task, backbone, side=side, trained=1.0, wanted=EPOCHS, share=_share(task)
            ),
            "augment": "shift",
            "balance": "none",
            "image_size": side,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sides = affordable_sides(task, backbone, trained=1.0, epochs=LEAST // 2, share=_share(task))
        side = space.suggest_categorical("image_size", sides)
        wanted = space.suggest_int("epochs", LEAST // 2, 2 * EPOCHS, log=True)
        return {
            "lr": space.suggest_float("lr", 3e-4, 2e-2, log=True),
            "weight_decay": space.suggest_float("weight_decay", 1e-3, 0.3, log=True),
            "epochs": affordable_epochs(
                task, backbone, side=side, trained=1.0, wanted=wanted, share=_share(task)
            ),
            "augment": space.suggest_categorical("augment", list(AUGMENTATIONS)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "image_size": side,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        each = epoch_seconds(task, backbone, side=params["image_size"], trained=1.0)
        return Cost(each * params["epochs"], 16 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Training:
        from autotl.training import Training

        return Training(bench.model(pretrained=False), bench, Recipe.from_params(params))


def _share(task: Task) -> float:
    return SHARE * task.folds


@hookimpl
def autotl_strategies() -> list[Any]:
    return [FromScratch()]
