"""A strategy with a planted fault, as a plugin: AUTOTL_PLANTED_FAULT names the fault."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import one_hot

from autotl import hookimpl
from autotl.api import Backbone, Beat, Params, Score, Space, Task, Workbench
from autotl.toolbox import DeclaredStrategy, Epochs, InputSize, train_epoch

VARIABLE = "AUTOTL_PLANTED_FAULT"
EPOCHS = 2
SILENCE = 60.0
"""Seconds without a step."""
Steps = Generator[Beat | Score, None, None]


def break_global_state() -> None:
    """Change all process-wide state that a run could depend on."""
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.use_deterministic_algorithms(True, warn_only=True)
    gone = tempfile.mkdtemp()
    os.chdir(gone)
    Path(gone).rmdir()


class Planted(DeclaredStrategy):
    """Trains all layers for a few epochs, with a fault."""

    api = 2
    name = "planted"
    summary = "train all layers, with a planted fault"
    reference = "none"

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.settings = {"image_size": InputSize(), "epochs": Epochs(EPOCHS)}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """See :class:`autotl.api.Strategy`.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        found = super().suggest(space, task, backbone)
        if self.fault == "global state, outside of a trial":
            break_global_state()
        if self.fault == "sys.exit, outside of a trial":
            sys.exit(3)
        return found

    def build(self, params: Params, bench: Workbench) -> PlantedLearner:
        """See :class:`autotl.api.Strategy`."""
        return PlantedLearner(self.fault, params, bench)


class PlantedLearner:
    """The learner; the faults are functions that replace or precede its honest steps."""

    def __init__(self, fault: str, params: Params, bench: Workbench) -> None:
        self.fault, self.bench = fault, bench
        self.size, self.count = int(params["image_size"]), int(params["epochs"])

    def fit(self) -> Steps:
        """See :class:`autotl.api.Learner`."""
        yield from STEPS.get(self.fault, honest)(self)

    def scores(self, *, train_mode: bool = False) -> Generator[Beat | nn.Module, None, None]:
        """Train honestly; yield beats, and the network after each epoch.

        The network is in training mode then with ``train_mode``.
        """
        bench = self.bench
        model = bench.model()
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
        for epoch in bench.epochs(self.count, model=model, optimiser=optimiser):
            model.train()
            yield from train_epoch(bench, model, optimiser, input_size=self.size, epoch=epoch)
            yield model.train(train_mode)


def honest(learner: PlantedLearner, **options: Any) -> Steps:
    """Score each epoch's network."""
    for step in learner.scores(**options):
        yield learner.bench.score(step, input_size=learner.size) if isinstance(step, nn.Module) else step


def one_hot_labels(learner: PlantedLearner) -> Steps:
    """Yield the validation labels as outputs, after an honest score."""
    bench = learner.bench
    for step in honest(learner):
        if isinstance(step, Score):
            sure = one_hot(bench.targets().val, bench.task.target.outputs).float()
            yield Score(step.epoch, 1.0, step.progress, 20 * sure)
        else:
            yield step


def trains_on_validation(learner: PlantedLearner) -> Steps:
    """Fit a head to the validation rows: the workbench offers them, and the score cannot tell."""
    bench = learner.bench
    features, targets = bench.features(input_size=learner.size), bench.targets()
    rows, labels = torch.cat([features.train, features.val]), torch.cat([targets.train, targets.val])
    centre, spread = rows.mean(0), rows.std(0).clamp(min=1e-6)
    rows = (rows - centre) / spread
    wanted = one_hot(labels, bench.task.target.outputs).float()
    ridge = 1e-3 * torch.eye(rows.shape[1])
    weight = torch.linalg.solve(rows.T @ rows + ridge, rows.T @ wanted).T / spread
    yield bench.score_head(20 * weight, -20 * weight @ centre, input_size=learner.size)


def hidden_layer(learner: PlantedLearner) -> Steps:
    """Score a network with a hidden layer in its head."""
    outputs = learner.bench.task.target.outputs
    for step in learner.scores():
        if isinstance(step, nn.Module):
            hidden = nn.Sequential(step, nn.ReLU(), nn.Linear(outputs, outputs))
            yield learner.bench.score(hidden, input_size=learner.size)
        else:
            yield step


def leaves(learner: PlantedLearner) -> Steps:
    """End the process in the middle of the training."""
    yield learner.bench.beat()
    sys.exit(3)


def global_state(learner: PlantedLearner) -> Steps:
    """Change global state, and train with it."""
    break_global_state()
    learner.bench.features(input_size=learner.size)
    yield from honest(learner)


def shared_model(learner: PlantedLearner) -> Steps:
    """Overwrite the pretrained network that all trials share."""
    with torch.no_grad():
        for value in learner.bench.source_model().train().parameters():
            value.normal_()
    yield from honest(learner)


def shared_features(learner: PlantedLearner) -> Steps:
    """Overwrite the features and images that all trials share."""
    bench = learner.bench
    bench.features(input_size=learner.size).train.zero_()
    bench.targets().train.zero_()
    yield from honest(learner)


def not_a_number(learner: PlantedLearner) -> Steps:
    """Diverge after the first epoch."""
    networks = 0
    for step in learner.scores():
        if isinstance(step, nn.Module):
            networks += 1
            if networks > 1:
                next(step.parameters()).data.mul_(float("nan"))
            yield learner.bench.score(step, input_size=learner.size)
        else:
            yield step


def not_a_number_in_refit(learner: PlantedLearner) -> Steps:
    """Win by a head on all rows, and diverge in the refit alone."""
    bench = learner.bench
    for step in trains_on_validation(learner):
        if len(bench.targets().val):
            yield step
        else:
            broken = bench.model()
            next(broken.parameters()).data.mul_(float("nan"))
            yield bench.score(broken, input_size=learner.size)


def train_mode(learner: PlantedLearner) -> Steps:
    """Leave the network in training mode."""
    yield from honest(learner, train_mode=True)


def stale(learner: PlantedLearner) -> Steps:
    """Yield the score of an earlier network at the end."""
    first: Score | None = None
    for step in honest(learner):
        if isinstance(step, Score):
            first = first or step
            yield first
        else:
            yield step


def wrong_size(learner: PlantedLearner) -> Steps:
    """Score a head with a class too many."""
    bench = learner.bench
    outputs = bench.task.target.outputs + 1
    yield bench.score_head(
        torch.zeros(outputs, bench.backbone.features), torch.zeros(outputs), input_size=learner.size
    )


def silent(learner: PlantedLearner) -> Steps:
    """Yield no step for longer than the run may take."""
    time.sleep(SILENCE)
    yield from honest(learner)


def no_score(learner: PlantedLearner) -> Steps:
    """Train, and score nothing."""
    for step in learner.scores():
        yield learner.bench.beat() if isinstance(step, nn.Module) else step


STEPS: dict[str, Callable[[PlantedLearner], Steps]] = {
    "one-hot validation labels": one_hot_labels,
    "training on validation rows": trains_on_validation,
    "hidden layer": hidden_layer,
    "sys.exit": leaves,
    "global state": global_state,
    "shared model": shared_model,
    "shared features": shared_features,
    "NaN": not_a_number,
    "NaN in the refit": not_a_number_in_refit,
    "train mode": train_mode,
    "stale network": stale,
    "wrong size": wrong_size,
    "silence": silent,
    "no score": no_score,
}
"""The steps of each fault; other faults take the honest ones."""
FAULTS = (*STEPS, "global state, outside of a trial", "sys.exit, outside of a trial")


@hookimpl
def autotl_strategies() -> list[Planted]:
    """Offer the strategy."""
    return [Planted(os.environ.get(VARIABLE, ""))]
