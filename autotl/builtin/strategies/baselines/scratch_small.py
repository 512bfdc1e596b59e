"""Train a small network from random weights, sized for the data: the fair alternative to transfer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    VERSION,
    Applies,
    Backbone,
    Cost,
    DataConfig,
    Machine,
    Params,
    Space,
    Task,
    Weights,
    Workbench,
)
from autotl.builtin.strategies.baselines.random_start import (
    default_settings,
    suggested_settings,
    train_from_random,
    training_cost,
)
from autotl.training import VALIDATION_SHARE, affordable_epochs, affordable_size, affordable_sizes

if TYPE_CHECKING:
    from autotl.training import Training


@dataclass(frozen=True, slots=True)
class SmallNetwork:
    """A small network, the images it needs, and timm's resnet18 arguments."""

    name: str
    min_images: int
    args: Mapping[str, Any]


def _resnet(stem: int, channels: Sequence[int], layers: Sequence[int]) -> dict[str, Any]:
    return {
        "layers": list(layers),
        "channels": list(channels),
        "stem_width": stem,
        "stem_type": "deep",
        "avg_down": True,
        # residual branches that start at zero learn nothing in the first epochs of a short training
        "zero_init_last": False,
        # small images end in few positions, and an average loses which position shows the object
        "global_pool": "max",
    }


NETWORKS = (
    SmallNetwork("small_resnet", 0, _resnet(16, (32, 64, 128, 128), (1, 1, 1, 0))),
    SmallNetwork("middle_resnet", 8_000, _resnet(16, (64, 128, 256, 256), (1, 1, 1, 0))),
    SmallNetwork("large_resnet", 20_000, _resnet(32, (64, 128, 256, 512), (2, 2, 2, 2))),
)
"""The networks, the smallest first."""
MAX_IMAGE_SIZES = ((0, 32), (24, 64), (80, 96))
"""The largest image size of a network (second) from a size of the data's images on (first), in pixels."""
MAX_EPOCHS = 100
MIN_EPOCHS = 30
"""Fewest epochs that a training is shortened to on many images."""
TARGET_STEPS = 4000
"""Optimiser steps that a training is shortened to on many images."""
MIN_STEPS = 200
"""Fewest optimiser steps; on few images this takes more than MAX_EPOCHS."""
MIN_EPOCHS_AT_SIZE = 30
"""Fewest epochs that must fit at an image size.

With fewer, smaller images that are seen more often teach as much, and the first trial predicts better.
"""
MIN_STEPS_AT_SIZE = 500
"""Fewest optimiser steps that must fit at an image size."""
MIN_EPOCHS_OF_LARGER = 20
"""Fewest epochs that must fit with a larger network."""
FIRST_TRIAL_SHARE = 0.15
"""Epochs of the first, short trial, as a fraction of the default."""
FIRST_TRIAL_STEPS = 100
"""Fewest optimiser steps of the first trial: with fewer, a network has hardly started to learn."""
MAX_FIRST_TRIAL_SHARE = 0.25
"""Most epochs of the first trial that FIRST_TRIAL_STEPS may take, as a fraction of the default."""
BATCH_SIZE = 64
ORIGIN = "random weights, nothing learned elsewhere"


class ScratchSmall:
    """Trains a small ResNet on small images from random weights.

    A one-cycle learning rate, label smoothing and random crops are known to train small networks fast. Images
    are mirrored only if a search finds that it helps, because digits and signs must not be.
    """

    name = "scratch_small"
    summary = "a small network from random weights: the baseline that transfer has to beat"
    reference = "Page, How to Train Your ResNet, 2018; Jordan, 94% on CIFAR-10 in 3.29 Seconds, 2024"
    baseline = True
    api = VERSION

    def networks(self, task: Task) -> Sequence[Weights]:
        """See :class:`autotl.api.OwnNetworks`."""
        input_size = max(largest for data_size, largest in MAX_IMAGE_SIZES if task.typical_size >= data_size)
        return [
            Weights(
                name=network.name,
                timm_name="resnet18",
                origin=ORIGIN,
                pretrained=False,
                args=network.args,
                config=DataConfig(input_size, (0.5,) * 3, (0.25,) * 3, "bicubic", 1.0, "center", fixed=False),
            )
            for network in NETWORKS
            if task.train_rows >= network.min_images
        ]

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        smallest = backbone.name == NETWORKS[0].name
        input_size = min(backbone.input_sizes)
        fitting = affordable_epochs(
            task, backbone, input_size=input_size, trained=1.0, wanted=MIN_EPOCHS_OF_LARGER
        )
        if smallest or fitting == MIN_EPOCHS_OF_LARGER:
            return Applies(True, "the baseline that transfer is measured against")
        return Applies(
            False, f"{MIN_EPOCHS_OF_LARGER} epochs of {backbone.name} do not fit into the time of a trial"
        )

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        input_size = affordable_size(task, backbone, trained=1.0, epochs=_min_epochs_at_size(task))
        epochs = affordable_epochs(
            task, backbone, input_size=input_size, trained=1.0, wanted=_usual_epochs(task)
        )
        return default_settings(task, lr=6e-3, epochs=epochs, input_size=input_size)

    def look(self, task: Task, backbone: Backbone) -> Params:
        """See :class:`autotl.api.FirstLook`."""
        planned = self.defaults(task, backbone)
        longest = MAX_FIRST_TRIAL_SHARE * planned["epochs"]
        epochs = max(FIRST_TRIAL_SHARE * planned["epochs"], min(_epochs_of(FIRST_TRIAL_STEPS, task), longest))
        return {**planned, "epochs": max(1, round(epochs))} | ({"part": epochs} if epochs < 1 else {})

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        input_sizes = affordable_sizes(task, backbone, trained=1.0, epochs=_min_epochs_at_size(task) // 2)
        input_size = space.suggest_categorical("image_size", input_sizes)
        usual = _usual_epochs(task)
        wanted = space.suggest_int("epochs", max(1, usual // 4), 2 * usual, log=True)
        epochs = affordable_epochs(task, backbone, input_size=input_size, trained=1.0, wanted=wanted)
        return suggested_settings(space, task, lr=(1e-3, 3e-2), epochs=epochs, input_size=input_size)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return training_cost(params, task, backbone)

    def build(self, params: Params, workbench: Workbench) -> Training:
        return train_from_random(params, workbench, batch_size=BATCH_SIZE, warmup=0.2, margin=False)


def _usual_epochs(task: Task) -> int:
    """Return the epochs after which little more is learned; fewer for many images."""
    by_steps = min(MAX_EPOCHS, _epochs_of(TARGET_STEPS, task))
    return round(max(MIN_EPOCHS, by_steps, _epochs_of(MIN_STEPS, task)))


def _min_epochs_at_size(task: Task) -> int:
    return round(max(MIN_EPOCHS_AT_SIZE, _epochs_of(MIN_STEPS_AT_SIZE, task)))


def _epochs_of(steps: int, task: Task) -> float:
    """Return the epochs on one fold that take this many optimiser steps."""
    return steps / max(1, math.ceil((1 - VALIDATION_SHARE) * task.train_rows / BATCH_SIZE))


@hookimpl
def autotl_strategies() -> list[Any]:
    return [ScratchSmall()]
