"""Classify by the nearest training images in the space of frozen features."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Beat, Cost, HeadSpec, Machine, Params, Score, Task, Workbench
from autotl.toolbox import Choice, DeclaredStrategy, Float, InputSize, Int, Setting, feature_seconds

if TYPE_CHECKING:
    from torch import Tensor

MAX_ROWS = 20_000
"""Images in the bank, unless many small classes add some.

20,000 images of 1,000 features take 80 MB in the delivered model.
"""
SHRINKAGE = 0.1
"""Share of the mean variance that whitening adds to each direction, so that noise is not enlarged."""
MULTIPLY_ADD_SECONDS = 3e-11
"""Seconds per multiply-add of a matrix product on common hardware."""


SETTINGS: dict[str, Setting] = {
    "k": Int(20, 1, 200, log=True),
    "temperature": Float(0.07, 0.01, 1.0, log=True),
    "whiten": Choice(False, (False, True)),
    "image_size": InputSize(),
}


class Knn(DeclaredStrategy):
    """Softmax-weighted vote of the k most similar training images, by cosine similarity.

    Features are centred, as in SimpleShot, and whitened if set. The defaults of k and the temperature are
    those of DINO. At most 20,000 training images vote. If there are
    more, a random sample of each class is kept.
    """

    name = "knn"
    summary = "freeze the whole backbone, let the most similar training images vote"
    reference = (
        "Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018; "
        "Caron et al., Emerging Properties in Self-Supervised Vision Transformers, ICCV 2021; "
        "Wang et al., SimpleShot, arXiv 1911.04623"
    )
    trained = 0.0
    deterministic = True
    on_request = True
    settings = SETTINGS

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether images have single labels."""
        if task.target.kind != "single_label":
            return Applies(False, "neighbours vote for single labels only")
        return Applies(True, f"{backbone.features} frozen features are compared, and nothing is trained")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the seconds of comparing the validation images with the bank.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size, width = int(params["image_size"]), backbone.features
        features = feature_seconds(task, backbone, input_size=size)
        bank = min(MAX_ROWS, task.train_rows)
        products = bank * task.train_rows * width / 5  # a fifth of the images is validated
        if params["whiten"]:
            products += task.train_rows * width**2 + 10 * width**3
        return Cost(features + MULTIPLY_ADD_SECONDS * products, 8 * bank * width)

    def build(self, params: Params, bench: Workbench) -> _KnnLearner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        self.check(params)
        return _KnnLearner(params, bench)


@dataclass(frozen=True, slots=True)
class _KnnLearner:
    params: Params
    bench: Workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        import torch  # not needed to list the plugins

        bench, size = self.bench, int(self.params["image_size"])
        x, labels, weights = bench.features(input_size=size).train, bench.targets().train, bench.weights()
        rows = evenly_by_class(labels, MAX_ROWS)
        if len(rows) < len(labels):
            bench.note(f"The bank has {len(rows):,} of {len(labels):,} training images, some of each class.")
        k, whiten = int(self.params["k"]), bool(self.params["whiten"])
        spec = HeadSpec("neighbours", {"rows": len(rows), "neighbours": k, "whiten": whiten})
        head: Any = bench.new_head(spec, input_size=size).cpu().eval()
        mass = torch.ones(len(x)) if weights is None else weights
        head.centre.copy_((x * mass[:, None]).sum(0) / mass.sum())
        if whiten:
            head.whitening.copy_(whitening_of(x - head.centre, mass))
        yield bench.beat(0.5)
        head.temperature.fill_(float(self.params["temperature"]))
        head.bank.copy_(head.embed(x[rows]))
        head.labels.copy_(labels[rows])
        head.weights.copy_(mass[rows])
        yield bench.score_custom_head(head, spec, input_size=size, epoch=1, progress=1.0)


def evenly_by_class(labels: Tensor, most: int) -> Tensor:
    """Return about ``most`` rows, sorted, with the classes' shares.

    Each class with rows has at least one, so that many small classes can give more than ``most``.
    """
    import torch

    if len(labels) <= most:
        return torch.arange(len(labels))
    chosen = []
    for label in range(int(labels.max()) + 1):
        own = (labels == label).nonzero().flatten()
        count = min(len(own), max(1, len(own) * most // len(labels)))
        chosen.append(own[torch.linspace(0, len(own) - 1, count).round().long()])
    rows: Tensor = torch.cat(chosen).sort().values
    return rows


def whitening_of(centred: Tensor, weights: Tensor) -> Tensor:
    """Return the matrix (d, d) that whitens centred features (n, d)."""
    import torch

    covariance = (centred * weights[:, None]).double().T @ centred.double() / float(weights.sum())
    shrunk = SHRINKAGE * covariance.diagonal().mean().clamp(min=1e-12)
    values, vectors = torch.linalg.eigh(covariance)
    found: Tensor = (vectors * (values.clamp(min=0) + shrunk).rsqrt()) @ vectors.T
    return found.float()


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Knn()]
