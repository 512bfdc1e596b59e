"""Predict the class with the nearest mean of frozen features."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from autotl import hookimpl
from autotl.api import Applies, Backbone, Beat, Cost, Machine, Params, Score, Space, Task, Workbench
from autotl.toolbox import Choice, DeclaredStrategy, Float, InputSize

if TYPE_CHECKING:
    from torch import Tensor

    from autotl.toolbox import Setting

Distance = Literal["whitened", "cosine", "euclidean"]
DISTANCES: tuple[Distance, ...] = ("whitened", "cosine", "euclidean")
DEFAULT_SHRINKAGE = 0.1
SCALES = 61
"""Factors of the outputs that are compared, evenly spaced by their logarithm."""
MULTIPLY_ADD_SECONDS = 6e-11
"""Seconds per multiply-add of a matrix product in double precision on common hardware."""


class NearestMean(DeclaredStrategy):
    """Represents each class by the mean of its frozen features.

    It pays with few images of a class: a mean needs fewer of them than a classifier's weights. The distance
    is a setting:

    - ``whitened``: by the shared covariance of the classes around their means (Hayes & Kanan, CVPR-W 2020).
      ``shrinkage`` shrinks it towards independent features.
    - ``cosine``: by the angle of features that are centred and scaled to length 1, as in SimpleShot (Wang et
      al., 2019).
    - ``euclidean``: of features with variance 1.

    Each rule is linear in the features, so that it is delivered as the network's classifier.
    """

    name = "nearest_mean"
    summary = "freeze the whole backbone, predict the class with the nearest mean feature"
    reference = "Mensink et al., Distance-Based Image Classification, TPAMI 2013"
    trained = 0.0
    deterministic = True
    on_request = True
    settings: Mapping[str, Setting] = {
        "distance": Choice("whitened", DISTANCES),
        "shrinkage": Float(DEFAULT_SHRINKAGE, low=1e-3, high=1.0, log=True),
        "image_size": InputSize(),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether images have single labels."""
        if task.target.kind != "single_label":
            return Applies(False, "only an image of one class is near one mean")
        return super().applies(task, backbone)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """See :class:`autotl.api.Strategy`.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        found = super().suggest(space, task, backbone)
        # other distances ignore it: without the default, the same network would be tried again
        return found if found["distance"] == "whitened" else {**found, "shrinkage": DEFAULT_SHRINKAGE}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the seconds of a pass, and of a covariance if needed.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        found = super().cost(params, task, backbone, machine)
        if params["distance"] != "whitened":
            return found
        rows, width = task.train_rows, backbone.features
        # all images and two halves of them: each has a covariance, solved in a third of width**3
        products = 2 * rows * width**2 + width**3
        return replace(found, seconds=found.seconds + MULTIPLY_ADD_SECONDS * products)

    def build(self, params: Params, bench: Workbench) -> _NearestMeanLearner:
        """See :class:`autotl.api.Strategy`."""
        self.check(params)
        return _NearestMeanLearner(params, bench)


class _NearestMeanLearner:
    def __init__(self, params: Params, bench: Workbench) -> None:
        self._bench, self._size = bench, int(params["image_size"])
        self._distance = cast(Distance, params["distance"])
        self._shrinkage = float(params["shrinkage"])

    def fit(self) -> Generator[Beat | Score, None, None]:
        import torch  # not needed to list the plugins

        bench = self._bench
        x, labels = bench.features(input_size=self._size).train, bench.targets().train
        weights = bench.weights()
        rows = torch.ones(len(x)) if weights is None else weights
        weight, bias = self._head(bench.task, x, labels, rows)
        yield bench.beat()
        outputs, kept = self._held_out_outputs(bench.task, x, labels, rows)
        scale = best_scale(outputs, labels[kept], rows[kept])
        yield bench.score_head(scale * weight, scale * bias, input_size=self._size)

    def _head(self, task: Task, x: Tensor, labels: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        return nearest_mean(
            x, labels, rows, task.target.outputs, distance=self._distance, shrinkage=self._shrinkage
        )

    def _held_out_outputs(self, task: Task, x: Tensor, labels: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs of images by the means of the other half, and the images' positions."""
        import torch

        half = alternating(labels)
        outputs, kept = [], []
        for part in (0, 1):
            own, other = (half == part).nonzero()[:, 0], (half != part).nonzero()[:, 0]
            own = own[torch.isin(labels[own], labels[other])]  # the mean of another class says nothing
            if len(own):
                weight, bias = self._head(task, x[other], labels[other], rows[other])
                outputs.append(x[own] @ weight.T + bias)
                kept.append(own)
        none = torch.empty(0, task.target.outputs), torch.empty(0, dtype=torch.long)
        return (torch.cat(outputs), torch.cat(kept)) if outputs else none


def nearest_mean(
    x: Tensor,
    labels: Tensor,
    rows: Tensor,
    classes: int,
    *,
    distance: Distance,
    shrinkage: float = DEFAULT_SHRINKAGE,
) -> tuple[Tensor, Tensor]:
    """Return a linear head that predicts the nearest class mean.

    The largest output is that of the class whose mean is nearest. A class without rows has the mean of all.

    Args:
        x: Features, float32 (n, features).
        labels: Classes of the rows, int64 (n,).
        rows: Weights of the rows, (n,), 0 or more.
        classes: Number of classes.
        distance: A name of DISTANCES.
        shrinkage: Share of the identity in the covariance of ``whitened``, in (0, 1].

    Returns:
        Weight (classes, features) and bias (classes,), float32.
    """
    import torch
    from torch.nn.functional import normalize, one_hot

    # double: the covariance of many features and few rows is nearly singular
    x, rows = x.double(), rows.double()[:, None]
    centre = (rows * x).sum(0) / rows.sum()
    spread = ((rows * (x - centre) ** 2).sum(0) / rows.sum()).sqrt().clamp(min=1e-6)
    spread = torch.ones_like(spread) if distance == "cosine" else spread
    z = (x - centre) / spread
    z = normalize(z) if distance == "cosine" else z
    member = one_hot(labels, classes).double() * rows  # (n, classes)
    means = (member.T @ z) / member.sum(0).clamp(min=1e-12)[:, None]  # (classes, features)
    if distance == "cosine":
        weight, bias = normalize(means), means.new_zeros(classes)
    else:
        weight = means
        if distance == "whitened":
            weight = torch.linalg.solve(_covariance(z - means[labels], rows, shrinkage), means.T).T
        bias = -0.5 * (weight * means).sum(1)
    weight = weight / spread
    return weight.float(), (bias - weight @ centre).float()


def _covariance(within: Tensor, rows: Tensor, shrinkage: float) -> Tensor:
    """Return the covariance (features, features) within classes, shrunk to the identity."""
    import torch

    covariance = (1 - shrinkage) * (within.T @ (rows * within)) / rows.sum()
    return covariance + shrinkage * torch.eye(len(covariance), dtype=covariance.dtype)


def alternating(labels: Tensor) -> Tensor:
    """Return 0 and 1 in turn within each class, (n,)."""
    import torch

    order = torch.argsort(labels, stable=True)
    ordered = labels[order]
    position = torch.arange(len(labels)) - torch.searchsorted(ordered, ordered)
    return torch.empty_like(labels).scatter_(0, order, position % 2)


def best_scale(outputs: Tensor, labels: Tensor, rows: Tensor) -> float:
    """Return the factor of the outputs with the least mean loss.

    Distances are no log-probabilities: without the factor the probabilities are overconfident.

    Args:
        outputs: Outputs of rows that the classifier was not fitted to, (n, classes).
        labels: Classes of the rows, (n,).
        rows: Weights of the rows, (n,).

    Returns:
        The factor, above 0; 1 without rows.
    """
    import torch
    from torch.nn.functional import cross_entropy

    if not len(outputs):
        return 1.0
    unit = float(outputs.std(1, correction=0).mean().clamp(min=1e-6))

    def loss(scale: float) -> float:
        return float((rows * cross_entropy(scale * outputs, labels, reduction="none")).sum())

    return min((float(each) / unit for each in torch.logspace(-2, 1.5, SCALES)), key=loss)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [NearestMean()]
