"""The strategy ``self_supervised``: its settings, cost and learner."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import ClassVar

from autotl.api import UNLABELLED, Applies, Backbone, Cost, Learner, Machine, Params, Task, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import (
    PROBE_SETTINGS,
    Choice,
    DeclaredStrategy,
    Float,
    Int,
    Setting,
    head_seconds,
    training_seconds,
)
from autotl_selftaught.settings import (
    BATCH_SIZES,
    LEAST_STEPS,
    LastStages,
    NotSearched,
    Steps,
    ViewSize,
    frozen_stages,
    most_steps,
    step_seconds,
    trained_share,
)

LOSSES = ("vicreg", "ntxent", "barlow_twins")
VIEWS = ("shift", "crop", "strong")
"""Augmentations: small shifts, large crops without mirroring, and large crops with it."""
INSTALL = "Run pip install lightly"
MIN_IMAGES = 32
"""Unlabelled images below which no self-supervised loss is trained."""
BYTES = 24
"""Bytes of memory for each parameter: the network, its optimiser, the teacher and the scored network."""


class SelfSupervised(DeclaredStrategy):
    """Trains the last stages on unlabelled images, then fits the labels.

    A self-supervised loss makes two views of an image similar and different images different. Feature
    distillation keeps the features near the pretrained ones. A linear head then learns the labels. The papers
    are Raina et al., Self-taught Learning, ICML 2007, and Bardes et al., VICReg, ICLR 2022.
    """

    api = 2
    name = "self_supervised"
    summary = "train the last stages on unlabelled images with a self-supervised loss, then fit a linear head"
    reference = "Raina et al., Self-taught Learning, ICML 2007; Bardes et al., VICReg, ICLR 2022"
    additional = (UNLABELLED,)
    counterpart = "linear_probe"
    # folds and trials share the self-supervised steps, so these have one seed; only tuning, which runs if the
    # user sets its epochs, has the trial's
    deterministic = True
    settings: ClassVar[Mapping[str, Setting]] = {
        "stages": LastStages(),
        "batch_size": Choice(BATCH_SIZES[1], BATCH_SIZES),
        "distill": Choice(1.0, (0.0, 0.3, 1.0, 3.0)),
        "image_size": ViewSize(),
        "steps": Steps(),
        "loss": Choice(LOSSES[0], LOSSES),
        "augment": Choice("crop", VIEWS, for_numbers="shift"),
        "lr": Float(3e-4, low=3e-5, high=3e-3, log=True),
        "norm": Choice("frozen", ("frozen", "batch")),
        "C": Float(PROBE_SETTINGS[-1].c, low=1e-3, high=1.0, log=True),
        "epochs": NotSearched(Int(0, low=0, high=100)),
        "tune_lr": NotSearched(Float(3e-4, low=1e-6, high=1e-2, log=True)),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether lightly is installed, and images and time suffice."""
        if find_spec("lightly") is None:
            return Applies(False, f"the package lightly is not installed. {INSTALL}")
        if task.modality != "image":
            return Applies(False, f"its views are of images, and this data has {task.modality} inputs")
        facts = task.additional.get(UNLABELLED)
        if facts is None:
            return Applies(False, "no unlabelled images were given: --unlabelled")
        if facts.images < MIN_IMAGES:
            return Applies(
                False, f"{MIN_IMAGES} unlabelled images are needed, and {facts.images} can be used"
            )
        steps = most_steps(task, backbone, input_size=min(backbone.input_sizes))
        if steps < LEAST_STEPS:
            return Applies(
                False, f"the time of a trial is enough for {steps} steps, and {LEAST_STEPS} are needed"
            )
        return Applies(True, f"{facts.images:,} unlabelled images can be learned from without labels")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a fold, with its part of the steps that all folds share.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        parts = seconds_of_parts(params, task, backbone)
        return Cost(parts[0] / task.folds + sum(parts[1:]), BYTES * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return the learner.

        Raises:
            TrainingError: lightly is not installed, or a setting is out of range.
        """
        from autotl_selftaught.learner import SelfTaughtLearner  # listing the plugins does not need torch

        if find_spec("lightly") is None:
            raise TrainingError(f"{self.name} must have the package lightly (got none). {INSTALL}.")
        self.check(params)
        parts = seconds_of_parts(params, bench.task, bench.backbone)
        return SelfTaughtLearner(params, bench, parts)


def seconds_of_parts(params: Params, task: Task, backbone: Backbone) -> tuple[float, float, float]:
    """Predict the seconds of the self-supervised steps, of features and head, and of tuning.

    Args:
        params: The trial's settings.
        task: Gives the number of training images.
        backbone: Gives the measured speed.
    """
    size, epochs = params["image_size"], params["epochs"]
    steps = params["steps"] * step_seconds(params, backbone)
    head = backbone.pace.seconds(task.train_rows, input_size=size) + head_seconds(task, backbone)
    if not epochs:
        return steps, head, 0.0
    tuning = training_seconds(
        task,
        backbone,
        input_size=size,
        trained=trained_share(backbone, params["stages"]),
        epochs=epochs,
        views=1 if frozen_stages(backbone, params["stages"]) else 0,
    )
    return steps, head, tuning
