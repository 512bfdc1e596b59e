"""The workbench of one trial: one task, one backbone, one fold, one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor, nn

from autotl.api import Backbone, Fold, HeadSetting, Images, Rows, Task
from autotl.backbone import layout, parameters_up_to
from autotl.data import LazyImages
from autotl.metrics import Metric, metric
from autotl.workbench.activation_cache import ActivationCache, ViewSpec
from autotl.workbench.run_cache import Pulse, RunCache, no_pulse


class TrialWorkbench:
    """A :class:`~autotl.api.Workbench` over a run's shared materials; without a fold, all rows are to learn
    from. ``pulse`` is called during long work, and may raise to end it.
    """

    def __init__(
        self,
        materials: RunCache,
        task: Task,
        backbone: Backbone,
        fold: Fold | None,
        *,
        seed: int,
        pulse: Pulse = no_pulse,
        activations: ActivationCache | None = None,
        measure: Metric | None = None,
    ) -> None:
        self.task, self.backbone, self.seed, self.device = task, backbone, seed, materials.device
        self.processes = materials.processes
        self._materials, self._pulse = materials, pulse
        self._measure = measure or metric(task.metric)
        self._activations = activations or ActivationCache(materials)
        folds = materials.splits.folds
        self._fold = None if fold is None else next(i for i, each in enumerate(folds) if each is fold)
        train = materials.positions(materials.splits.train if fold is None else fold.train)
        val = train[:0] if fold is None else materials.positions(fold.val)
        self._rows = Rows(train, val)
        # the only fold there is never trains on its validation rows: they need no augmented views
        alone = fold is not None and len(materials.splits.folds) == 1
        self._learned = len(train) if alone else len(materials.order)

    def model(self, *, pretrained: bool = True) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        if pretrained:
            return self._materials.model(self.backbone.name)
        return self._materials.random_model(self.backbone.name, seed=self.seed)

    def source_model(self) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        return self._materials.source_model(self.backbone.name)

    def labels(self) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        labels = self._materials.labels
        return Rows(labels[self._rows.train], labels[self._rows.val])

    def weights(self) -> Tensor | None:
        """See :class:`~autotl.api.Workbench`."""
        if self._materials.weights is None:
            return None
        own = self._materials.weights[self._rows.train]
        return own / own.mean()

    def features(self, *, side: int) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        features = self._materials.features(self.backbone.name, side=side, pulse=self._pulse)
        return Rows(_take(features, self._rows.train), _take(features, self._rows.val))

    def heads(self, settings: Sequence[HeadSetting], *, side: int) -> list[tuple[Tensor, Tensor]]:
        """See :class:`~autotl.api.Workbench`."""
        name, materials, place = self.backbone.name, self._materials, self._fold
        if place is not None and place >= len(materials.splits.first):
            own = materials.heads(name, settings, side=side, fold=place, pulse=self._pulse)[0]
        else:
            shared = materials.heads(name, settings, side=side, pulse=self._pulse)
            own = shared[-1 if place is None else place]
        return [(each[:, :-1].contiguous(), each[:, -1].contiguous()) for each in own]

    def cut(
        self, model: nn.Module, through: int, *, side: int, augment: str = "none", views: int = 1
    ) -> CutModel | None:
        """See :class:`~autotl.api.Workbench`."""
        name, kept = self.backbone.name, self._activations
        if through == 0 or not self._as_given(model, through):
            return None
        place = kept.place(name, through)
        wanted = views if augment != "none" else 1
        room = kept.views(name, place, side=side, rows=len(self._materials.order), wanted=wanted)
        if not room:
            return None
        return CutModel(self, kept.cuts(name, side).suffix(place, model), room, place, side, augment)

    def activations(self, place: str, look: ViewSpec) -> Rows[Tensor]:
        """The kept activations of the training rows under ``look`` and of the validation rows as in
        evaluation.
        """
        name, kept, pulse = self.backbone.name, self._activations, self._pulse
        plain = ViewSpec(look.side, len(self._materials.order))
        if look.augment == "none":
            found = kept.array(name, place, plain, pulse=pulse)
            return Rows(_take(found, self._rows.train), _take(found, self._rows.val))
        train = kept.array(name, place, look, pulse=pulse)
        if not len(self._rows.val):
            return Rows(_take(train, self._rows.train), train[:0])
        val = kept.array(name, place, plain, pulse=pulse)
        return Rows(_take(train, self._rows.train), _take(val, self._rows.val))

    def pixels(self, *, side: int, augmented: bool = False) -> Rows[Images]:
        """See :class:`~autotl.api.Workbench`."""
        name, materials, pulse = self.backbone.name, self._materials, self._pulse
        if augmented:
            train = materials.pixels(name, side=side, margin=True, rows=self._learned, pulse=pulse)
            if not len(self._rows.val):
                return Rows(_take(train, self._rows.train), torch.empty(0, 3, side, side, dtype=torch.uint8))
        val = materials.pixels(name, side=side, margin=False, pulse=pulse)
        return Rows(_take(train if augmented else val, self._rows.train), _take(val, self._rows.val))

    def normalise(self, pixels: Tensor) -> Tensor:
        """See :class:`~autotl.api.Workbench`."""
        return self._materials.normalise(self.backbone.name, pixels)

    def score(self, logits: Tensor) -> float:
        """See :class:`~autotl.api.Workbench`."""
        if not len(self._rows.val):
            return 0.0
        labels = self._materials.labels[self._rows.val]
        return self._measure(labels.numpy(), logits.float().numpy())

    @property
    def learned(self) -> int:
        """The leading rows of the materials that augmented views are made of."""
        return self._learned

    def _as_given(self, model: nn.Module, through: int) -> bool:
        """Whether the model's first stages are still those that the kept activations come from."""
        given = self._materials.task_model(self.backbone.name).state_dict()
        own, frozen = model.state_dict(), frozenset[str]().union(*layout(model).modules[:through])
        kept = parameters_up_to(model, through - 1)
        # a BatchNorm's statistics are no parameters, but what its layer gives hangs on them
        kept |= {name for name in given if name.rpartition(".")[0] in frozen}
        return all(name in own and torch.equal(own[name], given[name]) for name in kept & given.keys())


@dataclass(frozen=True, slots=True)
class CutModel:
    """A :class:`~autotl.api.Cut` on a bench."""

    bench: TrialWorkbench
    suffix: nn.Module
    views: int
    place: str
    side: int
    augment: str

    def activations(self, view: int = 0) -> Rows[Tensor]:
        """See :class:`~autotl.api.Cut`."""
        return self.bench.activations(self.place, ViewSpec(self.side, self.bench.learned, self.augment, view))


@overload
def _take(values: Tensor, rows: Tensor) -> Tensor: ...
@overload
def _take(values: Tensor | LazyImages, rows: Tensor) -> Tensor | LazyImages: ...
def _take(values: Tensor | LazyImages, rows: Tensor) -> Tensor | LazyImages:
    """The rows, without copying where they stand side by side."""
    if isinstance(values, LazyImages):
        return values.only(rows)
    if len(rows) and bool((rows[1:] - rows[:-1] == 1).all()):
        return values[int(rows[0]) : int(rows[-1]) + 1]
    return values[rows]
