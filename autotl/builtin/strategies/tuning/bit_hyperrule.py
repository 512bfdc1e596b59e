"""Fine-tune by BiT-HyperRule: the data's size gives the settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import VERSION, Applies, Backbone, Cost, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.tuning.reach import default_reach, trained_share, tuning_seconds
from autotl.builtin.strategies.tuning.start import frozen_sentence
from autotl.training import VALIDATION_SHARE, Recipe, affordable_epochs, usual_augmentation

if TYPE_CHECKING:
    from autotl.training import Training

SMALL_ROWS, LARGE_ROWS = 20_000, 500_000
"""Images below which data is small, and from which it is large."""
SMALL_SIDE = 96
"""Side in pixels below which images are small."""
RATE, LARGEST_BATCH = 0.003, 512
"""The learning rate and the batch size of the rule.

Small data keeps the rate with smaller batches. The authors fill batches of 512 by drawing images repeatedly,
and the mean gradient of a smaller batch is the same.
"""
LEAST_BATCH, EPOCH_STEPS = 32, 10
"""The smallest batch size, and the steps per epoch that small data gets at least with larger batches."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The settings that BiT-HyperRule gives.

    Attributes:
        steps: Optimiser steps.
        warmup: Fraction of the steps in which the rate rises.
        input_size: Image size in pixels.
        mixup: The α of mixup; 0 for none.
        drops: Shares of the steps at which the rate is divided by ten.
    """

    steps: int
    warmup: float
    input_size: int
    mixup: float
    drops: tuple[float, ...] = (0.3, 0.6, 0.9)


def rule_for(rows: int, typical_size: int) -> Rule:
    """Return the settings for the number and typical size of the images."""
    input_size = 128 if typical_size < SMALL_SIDE else 480
    if rows < SMALL_ROWS:
        return Rule(500, 0.2, input_size, 0.0, (0.4, 0.6, 0.8))
    if rows < LARGE_ROWS:
        return Rule(10_000, 0.05, input_size, 0.1)
    return Rule(20_000, 0.025, input_size, 0.1)


class BitHyperRule:
    """Trains all layers by one rule for all data sets.

    Nothing is searched. Below 20,000 images the rule takes 500 steps and no mixup, below 500,000 images
    10,000 steps and mixup, and else 20,000 steps and mixup. Images below 96 pixels are trained at 128 pixels,
    larger ones at 480. SGD with momentum has a rate of 0.003. It is divided by ten after 40, 60 and 80
    percent of 500 steps, and after 30, 60 and 90 percent of more steps.

    These are the settings of the published code, ``bit_hyperrule.py`` of google-research/big_transfer. The
    paper has no warm-up, 384 pixels for larger images, and the second schedule for all data: Kolesnikov et
    al., Big Transfer: General Visual Representation Learning, ECCV 2020, section 3.3. The strategy pays with
    large networks and enough time, and is a yardstick for searches.

    The rule is for machines without a time limit. With one, the steps, the image size and the trained stages
    are the most that fit, and the report notes how many steps that are. Batches are smaller than 512 on small
    data, at the same rate: the steps go as far, and take less time. The views are shifted but not mirrored,
    because labels may depend on left and right.
    """

    name = "bit_hyperrule"
    summary = "train all layers by a rule of the data's size: steps, image size, mixup; no search"
    reference = "Kolesnikov et al., Big Transfer (BiT), ECCV 2020"
    baseline = False
    api = VERSION
    on_request = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        if "mirror" not in task.augmentations:
            return Applies(False, "its rule is for images that can be cropped and mirrored")
        return Applies(True, f"the rule has settings for {task.train_rows:,} images")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        rule, batch_size = _rule(task), _batch_size(task)
        reach = default_reach(task, backbone)
        sizes = [size for size in backbone.input_sizes if size <= min(reach.image_size, rule.input_size)]
        image_size = max(sizes, default=min(backbone.input_sizes))
        epochs = affordable_epochs(
            task,
            backbone,
            input_size=image_size,
            trained=trained_share(backbone, reach.freeze),
            wanted=_epochs(task, rule.steps, batch_size),
            views=1,
        )
        return {
            "freeze": reach.freeze,
            "epochs": epochs,
            "image_size": image_size,
            "batch_size": batch_size,
            "lr": RATE,
            "warmup": rule.warmup,
            "mixup": rule.mixup,
            "augment": usual_augmentation(task, frozen=reach.freeze > 0),
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return self.defaults(task, backbone)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(tuning_seconds(params, task, backbone), 12 * backbone.parameters)

    def build(self, params: Params, workbench: Workbench) -> Training:
        from autotl.backbone import freeze
        from autotl.training import Training

        model, rule = workbench.model(), _rule(workbench.task)
        train_mode = freeze(model, params["freeze"], norm="frozen" if params["freeze"] else "batch")
        rows = len(workbench.targets().train)
        steps = params["epochs"] * -(-rows // params["batch_size"])
        wanted = _epochs(workbench.task, rule.steps, params["batch_size"])
        cut = ", because of the time" if params["epochs"] < wanted else ""
        workbench.note(
            f"BiT-HyperRule gives {rule.steps:,} steps at {rule.input_size} pixels, with mixup "
            f"{rule.mixup:g}. The training took {steps:,} at {params['image_size']} pixels{cut}."
        )
        workbench.note(frozen_sentence(workbench, params["freeze"]))
        recipe = Recipe.from_params(
            params,
            weight_decay=0.0,
            label_smoothing=0.0,
            clip=math.inf,
            optimiser="sgd",
            schedule="steps",
            drops=rule.drops,
        )
        return Training(model, workbench, recipe, train_mode=train_mode, frozen=params["freeze"])


def _rule(task: Task) -> Rule:
    return rule_for(task.train_rows, task.typical_size)


def _batch_size(task: Task) -> int:
    """Return the largest power of two that gives EPOCH_STEPS, from LEAST_BATCH to LARGEST_BATCH."""
    largest = int((1 - VALIDATION_SHARE) * task.train_rows / EPOCH_STEPS)
    return min(LARGEST_BATCH, max(LEAST_BATCH, 1 << max(0, largest.bit_length() - 1)))


def _epochs(task: Task, steps: int, batch_size: int) -> int:
    """Return the epochs of so many steps."""
    return max(1, round(steps * batch_size / ((1 - VALIDATION_SHARE) * task.train_rows)))


@hookimpl
def autotl_strategies() -> list[Any]:
    return [BitHyperRule()]
