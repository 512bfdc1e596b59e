"""Train a network on training images, with a penalty on its difference between the domains."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from autotl.api import DEPLOY, Beat, Images, Params, Score, Workbench
from autotl.toolbox import (
    PROBE,
    PROBE_SETTINGS,
    augment,
    get_augmentation,
    heads,
    pooled,
    set_head,
)

BATCH_SIZE = 32
WEIGHT_DECAY, SMOOTHING, MAX_NORM = 0.02, 0.1, 1.0
WARMUP = 0.1
"""Share of the steps in which the learning rate rises."""
PENALTY_RATE = 3.0
"""The learning rate of the penalty's own layers, divided by that of the network: they start at random."""


class Penalty(Protocol):
    """A module that compares the domains in a batch; its layers are trained with the network."""

    def __call__(self, features: Tensor, outputs: Tensor, own: int, progress: float) -> Tensor:
        """Return the penalty of a batch.

        Args:
            features: Pooled features, those of training images first, float32 (rows, d).
            outputs: The network's outputs, float32 (rows, classes).
            own: Number of training images.
            progress: Share of the steps that are done, in [0, 1].
        """
        ...


class DeployBatches:
    """Batches of deploy images, in a new random order in each round.

    The order and the views depend on the seed and the epoch alone, so that a training can resume.
    """

    def __init__(self, bench: Workbench, *, input_size: int, augment: str) -> None:
        """Open the images.

        Args:
            bench: The workbench.
            input_size: Image size in pixels.
            augment: A name of AUGMENTATIONS, as for the training images: otherwise the views would differ.
        """
        self._bench, self._size = bench, input_size
        self._augmentation = get_augmentation(augment)
        rows = bench.additional(DEPLOY)
        self._images: Images = rows.inputs(input_size=input_size, augmented=self._augmentation is not None)
        self._generator = torch.Generator()
        self._order = torch.arange(0)

    def start_epoch(self, epoch: int) -> None:
        """Prepare the batches of an epoch, counted from 1."""
        self._generator = self._bench.generator(f"deploy images {epoch}")
        self._order = torch.arange(0)

    def batch(self, rows: int) -> Tensor:
        """Return the next normalised images, (rows, 3, h, w), on the device."""
        while len(self._order) < rows:
            more = torch.randperm(len(self._images), generator=self._generator)
            self._order = torch.cat([self._order, more])
        chosen, self._order = self._order[:rows], self._order[rows:]
        pixels = self._images[chosen]
        if self._augmentation is not None:
            pixels = augment(pixels, self._augmentation, input_size=self._size, generator=self._generator)
        return self._bench.to_batch(pixels)


@dataclass(frozen=True, slots=True)
class JointTraining:
    """A learner that trains a network on both domains, from the head of a linear probe.

    An epoch passes over the training images. Each batch has as many deploy images, without labels. The
    statistics of BatchNorm are kept.

    Attributes:
        bench: The workbench.
        params: The settings ``image_size``, ``freeze``, ``epochs``, ``lr``, ``weight`` and ``augment``.
        penalty: Compares the domains; its layers are left behind.
        note: A sentence for the report.
    """

    bench: Workbench
    params: Params
    penalty: nn.Module
    note: str

    def fit(self) -> Generator[Beat | Score, None, None]:
        """See :class:`autotl.api.Learner`."""
        bench, size, epochs = self.bench, int(self.params["image_size"]), int(self.params["epochs"])
        model = probed_model(bench, input_size=size)
        train_mode = bench.freeze(model, min(int(self.params["freeze"]), len(bench.backbone.stages)))
        penalty = self.penalty.to(bench.device)
        optimiser = self._optimiser(model, penalty)
        deploy = DeployBatches(bench, input_size=size, augment=self.params["augment"])
        bench.note(self.note)
        for epoch in bench.epochs(epochs, model=model, optimiser=optimiser, **_state(penalty)):
            train_mode(model)
            deploy.start_epoch(epoch)
            yield from self._epoch(model, penalty, optimiser, deploy, epoch)
            yield bench.score(model, input_size=size)

    def _epoch(
        self,
        model: nn.Module,
        penalty: nn.Module,
        optimiser: torch.optim.Optimizer,
        deploy: DeployBatches,
        epoch: int,
    ) -> Generator[Beat, None, None]:
        bench, size = self.bench, int(self.params["image_size"])
        steps = -(-len(bench.targets().train) // BATCH_SIZE)
        batches = bench.batches(
            input_size=size, epoch=epoch, batch_size=BATCH_SIZE, augment=self.params["augment"]
        )
        for step, batch in enumerate(batches):
            progress = min(1.0, (epoch - 1 + step / steps) / int(self.params["epochs"]))
            set_rate(optimiser, float(self.params["lr"]), progress)
            own = len(batch.inputs)
            with bench.autocast():
                features = pooled(model, torch.cat([batch.inputs, deploy.batch(own)]))
            features = features.float()
            outputs = classified(model, features)
            loss = bench.target.loss(outputs[:own], batch.targets, weights=batch.weights, smoothing=SMOOTHING)
            loss = loss + float(self.params["weight"]) * penalty(features, outputs, own, progress)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)
            optimiser.step()
            yield bench.beat()

    def _optimiser(self, model: nn.Module, penalty: nn.Module) -> torch.optim.Optimizer:
        """Return an optimiser whose groups know their rate as a multiple of the network's."""
        trained = [value for value in model.parameters() if value.requires_grad]
        groups: list[dict[str, Any]] = [{"params": trained, "factor": 1.0}]
        if own := list(penalty.parameters()):
            groups.append({"params": own, "factor": PENALTY_RATE})
        return torch.optim.AdamW(groups, lr=float(self.params["lr"]), weight_decay=WEIGHT_DECAY)


def probed_model(bench: Workbench, *, input_size: int) -> nn.Module:
    """Return the pretrained network with the head of a linear probe."""
    probes = bench.linear_heads(PROBE_SETTINGS, input_size=input_size)
    return set_head(bench.model(), *probes[PROBE_SETTINGS.index(PROBE)])


def classified(model: nn.Module, features: Tensor) -> Tensor:
    """Return the outputs (rows, classes) of pooled features; two heads are averaged."""
    found = [linear(features, head.weight.flatten(1), head.bias) for head in heads(model)]
    return torch.stack(found).mean(0)


def set_rate(optimiser: torch.optim.Optimizer, peak: float, progress: float) -> None:
    """Set the learning rates: a linear rise, then half a cosine.

    Args:
        optimiser: Its groups have a ``factor``.
        peak: Largest rate of the network.
        progress: Share of the steps that are done, in [0, 1].
    """
    rising = min(1.0, (progress + 1e-3) / WARMUP)
    falling = 0.5 * (1 + math.cos(math.pi * max(0.0, progress - WARMUP) / (1 - WARMUP)))
    for group in optimiser.param_groups:
        group["lr"] = peak * group["factor"] * rising * falling


def feature_scale(bench: Workbench, *, input_size: int) -> tuple[Tensor, Tensor]:
    """Return mean (d,) and one over the standard deviation (d,) of the frozen features.

    A penalty on scaled features weighs the same in all networks. Constant features get 0.
    """
    features = bench.features(input_size=input_size).train
    spread = features.std(0)
    scale = torch.where(spread > 1e-6, 1 / spread.clamp(min=1e-6), torch.zeros_like(spread))
    return features.mean(0), scale


def _state(penalty: nn.Module) -> Mapping[str, nn.Module]:
    """Return the penalty by name, if it has tensors for a checkpoint."""
    return {"penalty": penalty} if penalty.state_dict() else {}
