"""Train a small network from random weights, sized for the data: the fair alternative to transfer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, DataConfig, Machine, Params, Space, Task, Weights, Workbench
from autotl.training import (
    AUGMENTATIONS,
    VALIDATION_SHARE,
    Recipe,
    affordable_epochs,
    affordable_side,
    affordable_sides,
    balance_options,
    epoch_seconds,
)

if TYPE_CHECKING:
    from autotl.training import Training


@dataclass(frozen=True, slots=True)
class Rung:
    """A network of the ladder: its name, the training images it needs, and its layers.

    ``args`` are arguments of timm's resnet18.
    """

    name: str
    rows: int
    args: Mapping[str, Any]


def _resnet(stem: int, channels: Sequence[int], layers: Sequence[int]) -> dict[str, Any]:
    return {
        "layers": list(layers),
        "channels": list(channels),
        "stem_width": stem,
        "stem_type": "deep",
        "avg_down": True,
        # a residual branch that starts at zero takes the first epochs of a short training to wake up
        "zero_init_last": False,
        # small images end in a few positions, and which of them shows something is what an average loses
        "global_pool": "max",
    }


LADDER = (
    Rung("small_resnet", 0, _resnet(16, (32, 64, 128, 128), (1, 1, 1, 0))),
    Rung("middle_resnet", 8_000, _resnet(16, (64, 128, 256, 256), (1, 1, 1, 0))),
    Rung("large_resnet", 20_000, _resnet(32, (64, 128, 256, 512), (2, 2, 2, 2))),
)
SIDES = ((0, 32), (24, 64), (80, 96))
"""The data's own image size in pixels, from which on a network's largest is the second number."""
EPOCHS, FEW_EPOCHS, STEPS = 100, 30, 4000
"""The longest training, the least number of epochs that it is cut to, and the steps it is cut for."""
ENOUGH = 200
"""Steps of the longest training, at least: of few images an epoch has few steps."""
PATIENT, PATIENT_STEPS = 30, 500
"""Epochs and steps that must fit at an image size. With fewer, smaller images that are seen more often teach
as much, and a first look tells more.
"""
LARGER = 20
"""Epochs that must fit with a network, or the next smaller one is taken."""
LOOK, LOOK_STEPS, LOOK_MOST = 0.15, 100, 0.25
"""The length of a first look: a share of the default's, or so many steps if that is longer, but at most the
last share. After fewer steps a network has hardly begun to learn.
"""
BATCH = 64
ORIGIN = "random weights, nothing learned elsewhere"


class ScratchSmall:
    """A small ResNet for small images, trained from random weights by a short recipe.

    One-cycle learning rate, label smoothing and random crops follow what is known to train small networks
    fast; images are not mirrored unless a search finds that it helps, as digits and signs must not be.
    """

    name = "scratch_small"
    summary = "a small network of its own from random weights: the baseline transfer has to beat"
    reference = "Page, How to Train Your ResNet, 2018; Jordan, 94% on CIFAR-10 in 3.29 Seconds, 2024"
    baseline = True

    def networks(self, task: Task) -> Sequence[Weights]:
        """See :class:`autotl.api.OwnNetworks`."""
        side = max(largest for least, largest in SIDES if task.side >= least)
        return [
            Weights(
                name=rung.name,
                timm_name="resnet18",
                origin=ORIGIN,
                pretrained=False,
                args=rung.args,
                config=DataConfig(side, (0.5,) * 3, (0.25,) * 3, "bicubic", 1.0, "center", fixed=False),
            )
            for rung in LADDER
            if task.train_rows >= rung.rows
        ]

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        smallest = backbone.name == LADDER[0].name
        side = min(backbone.sides)
        fits = affordable_epochs(task, backbone, side=side, trained=1.0, wanted=LARGER)
        if smallest or fits == LARGER:
            return Applies(True, "what transfer is measured against")
        return Applies(False, f"{LARGER} epochs of {backbone.name} do not fit into the time of a trial")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        side = affordable_side(task, backbone, trained=1.0, epochs=_patient(task))
        return {
            "lr": 6e-3,
            "weight_decay": 0.05,
            "epochs": affordable_epochs(task, backbone, side=side, trained=1.0, wanted=_epochs(task)),
            "augment": "shift",
            "balance": "none",
            "image_size": side,
        }

    def look(self, task: Task, backbone: Backbone) -> Params:
        """See :class:`autotl.api.FirstLook`."""
        planned = self.defaults(task, backbone)
        epochs = max(LOOK * planned["epochs"], min(_lasting(LOOK_STEPS, task), LOOK_MOST * planned["epochs"]))
        return {**planned, "epochs": max(1, round(epochs))} | ({"part": epochs} if epochs < 1 else {})

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sides = affordable_sides(task, backbone, trained=1.0, epochs=_patient(task) // 2)
        side = space.suggest_categorical("image_size", sides)
        usual = _epochs(task)
        wanted = space.suggest_int("epochs", max(1, usual // 4), 2 * usual, log=True)
        return {
            "lr": space.suggest_float("lr", 1e-3, 3e-2, log=True),
            "weight_decay": space.suggest_float("weight_decay", 1e-3, 0.3, log=True),
            "epochs": affordable_epochs(task, backbone, side=side, trained=1.0, wanted=wanted),
            "augment": space.suggest_categorical("augment", list(AUGMENTATIONS)),
            "balance": space.suggest_categorical("balance", balance_options(task)),
            "image_size": side,
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        part = params.get("part", 1.0)
        each = epoch_seconds(task, backbone, side=params["image_size"], trained=1.0, part=part)
        return Cost(each * params["epochs"], 16 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Training:
        from autotl.training import Training

        recipe = Recipe.from_params(params, batch_size=BATCH, warmup=0.2, margin=False)
        return Training(bench.model(pretrained=False), bench, recipe)


def _epochs(task: Task) -> int:
    """The epochs after which little more is learned: fewer of many images."""
    return round(max(FEW_EPOCHS, min(EPOCHS, _lasting(STEPS, task)), _lasting(ENOUGH, task)))


def _patient(task: Task) -> int:
    return round(max(PATIENT, _lasting(PATIENT_STEPS, task)))


def _lasting(steps: int, task: Task) -> float:
    """The epochs that take so many steps on one fold."""
    return steps / max(1, math.ceil((1 - VALIDATION_SHARE) * task.train_rows / BATCH))


@hookimpl
def autotl_strategies() -> list[Any]:
    return [ScratchSmall()]
