"""Classify images by the nearest class mean of frozen features."""

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot

from autotl import hookimpl
from autotl.api import Score, Workbench
from autotl.toolbox import Float, InputSize, strategy


@strategy(
    api=2,
    reference="Mensink et al., TPAMI 2013; Hayes & Kanan, CVPR-W 2020",
    trained=0.0,
    deterministic=True,
    reads_weights=False,
    targets=("single_label",),
    shrinkage=Float(0.1, low=1e-3, high=1.0, log=True),
    image_size=InputSize(),
)
def prototypes(bench: Workbench, *, shrinkage: float, image_size: int) -> Generator[Score, None, None]:
    """Freeze the whole backbone, and predict the class with the nearest mean feature."""
    x, labels = bench.features(input_size=image_size).train, bench.targets().train
    classes = bench.task.target.outputs
    weight, bias = nearest_mean(x, labels, classes, shrinkage)
    # the logits are overconfident: fit a temperature on one half with the classifier of the other
    half_weight, half_bias = nearest_mean(x[::2], labels[::2], classes, shrinkage)
    logits, truth = x[1::2] @ half_weight.T + half_bias, labels[1::2]
    scale = min(torch.logspace(-4, 0, 41), key=lambda t: float(cross_entropy(t * logits, truth)))
    yield bench.score_head(scale * weight, scale * bias, input_size=image_size)


def nearest_mean(x: Tensor, labels: Tensor, classes: int, shrinkage: float) -> tuple[Tensor, Tensor]:
    """Return weights (classes, features) and biases (classes,) with logits -½ |x - μ|² + ½ x·x.

    The classifier is linear: |x - μ|² = x·x - 2μ·x + μ·μ, and x·x is the same for all classes.
    """
    centre, spread = x.mean(0), x.std(0, correction=0).clamp(min=1e-6)
    rows = (x - centre) / spread  # (rows, features)
    member = one_hot(labels, classes).to(rows.dtype)  # (rows, classes)
    means = (member.T @ rows) / member.sum(0).clamp(min=1)[:, None]  # (classes, features)
    within = rows - means[labels]
    covariance = (1 - shrinkage) * (within.T @ within) / len(rows)  # (features, features)
    covariance += shrinkage * torch.eye(len(covariance))
    weight = torch.linalg.solve(covariance, means.T).T
    bias = -0.5 * (weight * means).sum(1)
    return weight / spread, bias - (weight / spread) @ centre


@hookimpl
def autotl_strategies():
    """Provide the strategy."""
    return [prototypes]
