"""Classify images by the nearest class mean of frozen features."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, Machine, Params, Space, Task, Workbench
from autotl.backbone import set_head


class Prototypes:
    """Strategy: nearest class mean, with the shared covariance of the classes as metric."""

    name = "prototypes"
    summary = "freeze the whole backbone, and predict the class with the nearest mean feature"
    reference = "Mensink et al., TPAMI 2013; Hayes & Kanan, CVPR-W 2020"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return True: a mean needs only one image per class."""
        return Applies(True, f"a mean needs few images; the smallest class has {task.smallest_stratum}")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the default parameters."""
        return {"shrinkage": 0.1, "image_size": backbone.input_size}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Suggest parameters from the search space."""
        sizes = [size for size in backbone.input_sizes if size <= backbone.input_size]
        return {
            "shrinkage": space.suggest_float("shrinkage", 1e-3, 1.0, log=True),
            "image_size": space.suggest_categorical("image_size", sizes),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Estimate the seconds of a trial."""
        features = backbone.pace.seconds(task.train_rows, input_size=params["image_size"])
        solve = 1e-10 * backbone.features**2 * (task.train_rows + backbone.features)
        return Cost(features / 5 + solve)  # five folds share the cached features

    def build(self, params: Params, bench: Workbench) -> "NearestMean":
        """Create the learner."""
        return NearestMean(bench, params["image_size"], params["shrinkage"])


@dataclass
class NearestMean:
    """Closed-form classifier by the nearest mean.

    The classifier is linear: |x - μ|² = x·x - 2μ·x + μ·μ, and x·x is the same for all classes.

    Attributes:
        bench: The data and features of the trial.
        input_size: Image size in pixels.
        shrinkage: Shrinkage of the covariance to the identity, in (0, 1].
        head: Weights (classes, features) and biases (classes,); None before ``fit``.
    """

    bench: Workbench
    input_size: int
    shrinkage: float
    head: tuple[Tensor, Tensor] | None = None

    def fit(self) -> Generator[Epoch, None, None]:
        """Compute the head, and yield its only epoch."""
        x, labels = self.bench.features(input_size=self.input_size), self.bench.targets()
        weight, bias = self.classifier(x.train, labels.train)
        # the logits are overconfident: fit a temperature on one half with the classifier of the other
        half_weight, half_bias = self.classifier(x.train[::2], labels.train[::2])
        logits, truth = x.train[1::2] @ half_weight.T + half_bias, labels.train[1::2]
        scale = min(torch.logspace(-4, 0, 41), key=lambda t: float(cross_entropy(t * logits, truth)))
        self.head = scale * weight, scale * bias
        logits = x.val @ self.head[0].T + self.head[1]
        yield Epoch(1, self.bench.score(logits), 1.0, logits)

    def classifier(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return weights (classes, features) and biases (classes,) with logits -½ |x - μ|² + ½ x·x."""
        centre, spread = x.mean(0), x.std(0, correction=0).clamp(min=1e-6)
        rows = (x - centre) / spread  # (rows, features)
        member = one_hot(labels, self.bench.task.target.outputs).to(rows.dtype)  # (rows, classes)
        means = (member.T @ rows) / member.sum(0).clamp(min=1)[:, None]  # (classes, features)
        within = rows - means[labels]
        covariance = (1 - self.shrinkage) * (within.T @ within) / len(rows)  # (features, features)
        covariance += self.shrinkage * torch.eye(len(covariance))
        weight = torch.linalg.solve(covariance, means.T).T
        bias = -0.5 * (weight * means).sum(1)
        return weight / spread, bias - (weight / spread) @ centre

    def module(self) -> nn.Module:
        """Return the network with the head."""
        model = self.bench.model()
        return (set_head(model, *self.head) if self.head else model).eval()


@hookimpl
def autotl_strategies() -> list[Any]:
    """Provide the strategy."""
    return [Prototypes()]
