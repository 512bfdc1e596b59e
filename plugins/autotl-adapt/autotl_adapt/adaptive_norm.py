"""Give BatchNorm layers the statistics of deploy images."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl.api import (
    DEPLOY,
    Applies,
    Backbone,
    Beat,
    Cost,
    HeadSetting,
    Images,
    Learner,
    Machine,
    Params,
    Score,
    Task,
    Workbench,
)
from autotl.toolbox import PROBE_SETTINGS, DeclaredStrategy, Float, InputSize, Setting, probe_seconds
from autotl_adapt import fits

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH_SIZE = 64
MAX_IMAGES = 2_000
"""Most images of a domain that the statistics are measured on."""
PASSES = 2
"""Passes over the training images: for their statistics, and for their features with these."""


class AdaptiveNorm(DeclaredStrategy):
    """Normalises each domain by its own statistics, and fits a linear head.

    The features of the training images are computed with the BatchNorm statistics of the training images. A
    linear classifier learns from them. The delivered network has the statistics of the deploy images, so
    that both domains are normalised alike. ``alpha`` mixes these statistics with those of the pretrained
    network, in both domains; at 0 the result is the linear probe. It pays if brightness, contrast, colour or
    noise differ. It assumes that the classes are about as frequent at the place of use. The papers are Li et
    al., Revisiting Batch Normalization for Practical Domain Adaptation, 2016, and Schneider et al., Covariate
    Shift Adaptation, NeurIPS 2020.
    """

    name = "adaptive_norm"
    summary = "normalise each domain by its own BatchNorm statistics, learn a linear classifier"
    reference = "Li et al., AdaBN, 2016; Schneider et al., NeurIPS 2020"
    trained = 0.0
    deterministic = True
    additional = (DEPLOY,)
    counterpart = "linear_probe"
    settings: Mapping[str, Setting] = {
        "C": Float(PROBE_SETTINGS[-1].c, low=1e-3, high=1.0, log=True),
        "alpha": Float(0.9, low=0.1, high=1.0),
        "image_size": InputSize(),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images, and BatchNorm layers."""
        found = fits.applies(task, learns="the BatchNorm statistics there", modality="image")
        if not found:
            return found
        from autotl_adapt.norm_statistics import has_norms

        if not has_norms(backbone.weights):
            return Applies(False, f"{backbone.name} has no BatchNorm layer")
        return found

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of two passes over the training images and one over the others.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size = int(params["image_size"])
        images = PASSES * task.train_rows + min(MAX_IMAGES, fits.deploy_images(task))
        seconds = backbone.pace.seconds(images, input_size=size)
        return Cost(seconds + probe_seconds(task, backbone, input_size=size), 8 * backbone.parameters)

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        self.check(params)
        return _Learner(params, bench)


@dataclass(frozen=True, slots=True)
class _Learner:
    params: Params
    bench: Workbench

    def fit(self) -> Generator[Beat | Score, None, None]:
        """See :class:`autotl.api.Learner`."""
        import torch

        from autotl.toolbox import fit_heads, set_head

        bench, size = self.bench, int(self.params["image_size"])
        train = bench.inputs(input_size=size).train
        deploy = bench.additional(DEPLOY).inputs(input_size=size)
        model = yield from self._normalised(train, start=0.0)
        features = yield from self._features(model, train)
        found = fit_heads(
            features,
            bench.targets().train.to(bench.device),
            classes=bench.task.target.outputs,
            settings=[HeadSetting(float(self.params["C"]))],
            folds=[torch.arange(len(features), device=bench.device)],
            weights=self._weights(),
            check_cancelled=bench.additional(DEPLOY).check_cancelled,
        )
        model = yield from self._normalised(deploy, start=0.6)
        set_head(model, found.weight[0, 0], found.bias[0, 0])
        bench.note(
            f"The BatchNorm statistics are those of {min(len(deploy), MAX_IMAGES):,} deploy images "
            f"by {float(self.params['alpha']):.0%}."
        )
        yield bench.score(model, input_size=size)

    def _normalised(self, images: Images, *, start: float) -> Generator[Beat, None, nn.Module]:
        """Return a new network with the statistics of these images."""
        import torch

        from autotl_adapt.norm_statistics import NormStatistics

        bench, model = self.bench, self.bench.model().eval()
        statistics = NormStatistics(model, float(self.params["alpha"]))
        # in random order, because batches of one class would be normalised by that class; always the same one
        order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))[:MAX_IMAGES]
        for batch, done in _batches(images, order):
            statistics.see(bench.to_batch(batch))
            yield bench.beat(start + 0.3 * done)
        statistics.keep()
        return model

    def _features(self, model: nn.Module, images: Images) -> Generator[Beat, None, Tensor]:
        """Return the pooled features of the training images, (rows, features)."""
        import torch

        from autotl.toolbox import pooled

        found = []
        for batch, done in _batches(images, torch.arange(len(images))):
            with torch.no_grad():
                found.append(pooled(model, self.bench.to_batch(batch)).float())
            yield self.bench.beat(0.3 + 0.3 * done)
        return torch.cat(found)

    def _weights(self) -> Any:
        given = self.bench.weights()
        return None if given is None else given.to(self.bench.device)


def _batches(images: Images, order: Tensor) -> Iterator[tuple[Tensor, float]]:
    """Yield batches of images, and the share of them that is reached."""
    done = 0
    for rows in order.split(BATCH_SIZE):
        done += len(rows)
        yield images[rows], done / len(order)
