"""Train a classifier with one hidden layer on frozen features."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from autotl import hookimpl
from autotl.api import Backbone, Beat, Cost, HeadSpec, Machine, Params, Score, Task, Workbench
from autotl.toolbox import DeclaredStrategy, Float, InputSize, Int, Setting, feature_seconds

BATCH_SIZE, MIN_STEPS = 256, 10
"""Images per batch, and the least batches of an epoch: fewer images have smaller batches."""
MIN_BATCH = 8
STEP_SECONDS = 4e-4
"""Seconds of an optimiser step besides its arithmetic."""
SCORES, SCORE_SECONDS = 10, 0.01
"""Largest number of scores, and the seconds of a score besides its arithmetic."""
MULTIPLY_ADD_SECONDS = 1e-10
"""Seconds per weight and image, forward and backward."""


SETTINGS: dict[str, Setting] = {
    "hidden": Int(256, 32, 1024, log=True),
    "lr": Float(1e-3, 1e-5, 1e-2, log=True),
    "weight_decay": Float(1e-3, 1e-6, 1e-1, log=True),
    "dropout": Float(0.2, 0.0, 0.5),
    "epochs": Int(20, 5, 80, log=True),
    "image_size": InputSize(),
}


class MlpProbe(DeclaredStrategy):
    """A multilayer perceptron on cached features.

    It is trained with AdamW and a cosine schedule. The search ranges follow those of Gorishniy et al.
    (NeurIPS 2021) for tabular data.
    """

    name = "mlp_probe"
    summary = "freeze the whole backbone, train a classifier with one hidden layer on its features"
    reference = "Gorishniy et al., Revisiting Deep Learning Models for Tabular Data, NeurIPS 2021"
    trained = 0.0
    on_request = True
    settings = SETTINGS

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the seconds of the epochs, and of missing features.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, epochs, hidden = int(params["image_size"]), int(params["epochs"]), int(params["hidden"])
        features = feature_seconds(task, backbone, input_size=size)
        weights = hidden * (backbone.features + task.target.outputs)
        rows = 0.8 * task.train_rows
        steps = epochs * steps_of_epoch(round(rows))
        seconds = (
            epochs * rows * weights * MULTIPLY_ADD_SECONDS + steps * STEP_SECONDS + SCORES * SCORE_SECONDS
        )
        return Cost(features + seconds, 4 * task.train_rows * backbone.features + 16 * weights)

    def build(self, params: Params, bench: Workbench) -> _MlpLearner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        self.check(params)
        return _MlpLearner(params, bench)


def steps_of_epoch(rows: int) -> int:
    """Return the batches of an epoch."""
    return max(1, math.ceil(rows / BATCH_SIZE), min(MIN_STEPS, rows // MIN_BATCH))


@dataclass(frozen=True, slots=True)
class _MlpLearner:
    params: Params
    bench: Workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        import torch  # not needed to list the plugins

        from autotl.importing.optimisers import uncompiled

        bench, size, epochs = self.bench, int(self.params["image_size"]), int(self.params["epochs"])
        x, targets, weights = bench.features(input_size=size).train, bench.targets().train, bench.weights()
        arguments = {"hidden": int(self.params["hidden"]), "dropout": float(self.params["dropout"])}
        spec = HeadSpec("mlp", arguments)
        head = self._new_head(spec)
        rate, decay = float(self.params["lr"]), float(self.params["weight_decay"])
        optimiser = uncompiled(torch.optim.AdamW)(head.parameters(), lr=rate, weight_decay=decay)
        steps, device = steps_of_epoch(len(x)), bench.device
        for epoch in bench.epochs(epochs, head=head, optimiser=optimiser):
            order = torch.randperm(len(x), generator=bench.generator(f"order {epoch}"))
            head.train()
            for step, rows in enumerate(order.tensor_split(steps)):
                done = (epoch - 1 + step / steps) / epochs
                optimiser.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * done))
                own = None if weights is None else weights[rows].to(device)
                loss = bench.target.loss(head(x[rows].to(device)), targets[rows].to(device), weights=own)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # torch gives it no types
                optimiser.step()
                yield bench.beat(done)
            if epoch % math.ceil(epochs / SCORES) == 0 or epoch == epochs:
                yield bench.score_custom_head(head, spec, input_size=size)

    def _new_head(self, spec: HeadSpec) -> Any:
        """Return a head with seeded weights, and with mean and deviation of the training rows."""
        import torch

        bench, size = self.bench, int(self.params["image_size"])
        x, weights = bench.features(input_size=size).train, bench.weights()
        head: Any = bench.new_head(spec, input_size=size)
        mass = torch.ones(len(x)) if weights is None else weights
        mean = (x * mass[:, None]).sum(0) / mass.sum()
        variance = ((x - mean) ** 2 * mass[:, None]).sum(0) / mass.sum()
        head.mean.copy_(mean)
        head.std.copy_(variance.sqrt().clamp(min=1e-6))
        return head


@hookimpl
def autotl_strategies() -> list[Any]:
    return [MlpProbe()]
