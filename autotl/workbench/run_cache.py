"""What every trial of a run shares: decoded images, frozen features and the pretrained networks."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import Backbone, Dataset, HeadSetting, Splits
from autotl.backbone import create, new_head, pooled
from autotl.cache import Store
from autotl.clock import NEVER, Deadline
from autotl.data import LazyImages, View, render_parts, rows_digest, view_of
from autotl.training import Normalise, fit_heads, in_batches, to_device
from autotl.workbench.feature_extraction import Prefill, extract_features

PART, PART_ELSEWHERE = 64, 512
"""Images that are decoded and handed on together, on a CPU and on an accelerator."""

Pulse = Callable[[], None]
"""Called every now and then in long work; may raise to end it."""


def no_pulse() -> None:
    """Nobody is waiting."""


class RunCache:
    """Images, features and networks of one run, each made when first asked for and kept.

    Rows are positions in ``order``: the training rows, arranged so that the parts of a single fold are
    contiguous and can be handed out without copying. Images and features are kept by ``order`` alone,
    whatever the folds. The test part is not in here. ``weights`` (dataset rows,) say how much each counts.
    ``before`` are the materials with other rows or folds: the features it has are not computed again.
    """

    def __init__(
        self,
        dataset: Dataset,
        splits: Splits,
        backbones: Mapping[str, Backbone],
        store: Store,
        *,
        device: str,
        processes: int = 1,
        weights: NDArray[np.float64] | None = None,
        before: RunCache | None = None,
    ) -> None:
        self.dataset, self.splits, self.backbones, self.device = dataset, splits, backbones, device
        self.store, self.processes = store, processes
        first = splits.folds[0]
        self.order = np.concatenate([first.train, first.val]) if len(splits.folds) == 1 else splits.train
        self.weights = None if weights is None else torch.from_numpy(weights[self.order]).float()
        self.weighed = None if weights is None else hashlib.blake2b(weights.tobytes()).hexdigest()
        self.named = rows_digest(dataset, self.order)
        self._place = {int(row): position for position, row in enumerate(self.order)}
        self.labels = torch.from_numpy(dataset.table["label"].to_numpy(dtype=np.int64)[self.order])
        self.part = PART if device == "cpu" else PART_ELSEWHERE
        self._before = before
        self._models: dict[tuple[str, str], nn.Module] = {} if before is None else before._models
        self.looked: dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.float32]]] = (
            {} if before is None else before.looked
        )
        """By backbone and side: rows that were looked at, and their features (rows, features)."""
        for name, head in [*self._models]:
            if name not in backbones:  # set aside: let go
                del self._models[name, head]

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: it opens the networks itself, and finds the rest in the store."""
        return self.__dict__ | {"_models": {}, "_place": None, "looked": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._place = {int(row): position for position, row in enumerate(self.order)}

    def moved(self, store: Store) -> RunCache:
        """The same with another store, where this one cannot be reached."""
        there = copy.copy(self)
        there.store = store
        return there

    def knowing(self, backbones: Mapping[str, Backbone]) -> RunCache:
        """The same with other facts of the same backbones."""
        there = copy.copy(self)
        there.backbones, there._models, there.looked = backbones, self._models, self.looked
        return there

    def fold_labels(self) -> list[NDArray[np.int64]]:
        """The validation labels of each fold."""
        labels = self.dataset.table["label"].to_numpy(dtype=np.int64)
        return [labels[fold.val] for fold in self.splits.folds]

    def positions(self, rows: NDArray[np.int64]) -> Tensor:
        """Where dataset rows stand in ``order``."""
        return torch.tensor([self._place[int(row)] for row in rows], dtype=torch.long)

    def pixels(
        self, backbone: str, *, side: int, margin: bool, rows: int | None = None, pulse: Pulse = no_pulse
    ) -> Tensor | LazyImages:
        """uint8 images (rows, 3, h, w) of the first ``rows`` training rows as ``backbone`` wants them.

        Decoded once and memory-mapped; where the store has no room for them, decoded when asked for.
        """
        view, count = self._view(backbone, side, margin), rows or len(self.order)
        if not self.store.fits(self._shape(view, count), np.uint8):
            return LazyImages(self.dataset, self.order[:count], view)
        while (found := self.store.find(self.pixels_key(view, count))) is None:
            with closing(self.shown(backbone, side=side, margin=margin, rows=count)) as parts:
                for _ in parts:
                    pulse()
        return torch.from_numpy(found)

    def shown(
        self, backbone: str, *, side: int, margin: bool, rows: int | None = None
    ) -> Generator[tuple[slice, Tensor], None, None]:
        """The images of :meth:`pixels` in parts, in order, each as soon as it is decoded: the next ones are
        being decoded meanwhile.
        """
        view, count = self._view(backbone, side, margin), rows or len(self.order)
        key, shape = self.pixels_key(view, count), self._shape(view, count)
        parts = [slice(start, min(start + self.part, count)) for start in range(0, count, self.part)]
        images: Any = None
        if not self.store.fits(shape, np.uint8):
            images = LazyImages(self.dataset, self.order[:count], view)
        elif (found := self.store.find(key)) is not None:
            images = torch.from_numpy(found)
        if images is not None:
            for part in parts:
                yield part, images[part]
            return
        with self.store.making(key, shape, np.uint8) as out:
            if out is not None:
                rendering = render_parts(self.dataset, self.order[:count], view, parts, out)
                for part, _ in zip(parts, rendering, strict=True):
                    yield part, torch.from_numpy(out[part])
                return
        yield from self.shown(backbone, side=side, margin=margin, rows=rows)  # another process has made it

    def features(
        self, backbone: str, *, side: int, pulse: Pulse = no_pulse, beside: Prefill | None = None
    ) -> Tensor:
        """Pooled features (rows, features) of all training rows through the frozen backbone, float32. Where
        they are computed only now, what the rows give on the way is kept ``beside`` them.
        """
        facts = self.backbones[backbone]

        def fill(out: NDArray[Any]) -> None:
            before = self._before
            if before is not None and (known := before.known_features(backbone, side=side)) is not None:
                out[:] = known[before.positions(self.order).numpy()]
                return
            with closing(self.shown(backbone, side=side, margin=False)) as parts:
                extract_features(
                    self.source_model(backbone),
                    parts,
                    out,
                    normalise=lambda x: self.normalise(backbone, x),
                    device=self.device,
                    batch=self.part,
                    beside=beside,
                    pulse=pulse,
                )

        key, shape = self.features_key(backbone, side), (len(self.order), facts.features)
        return torch.from_numpy(self.store.array(key, shape, np.float32, fill))

    def known_features(self, backbone: str, *, side: int) -> NDArray[Any] | None:
        """The features of the training rows, where they have been computed."""
        return self.store.find(self.features_key(backbone, side))

    def look_at(
        self, backbone: str, rows: NDArray[np.int64], *, side: int, pulse: Pulse = no_pulse
    ) -> NDArray[np.float64]:
        """Pooled features (rows, features) of rows outside the training part, kept for :attr:`looked`."""
        found = self.features_of(backbone, rows, side=side, pulse=pulse)
        self.looked[backbone, side] = rows, found.astype(np.float32)
        return found

    def features_of(
        self, backbone: str, rows: NDArray[np.int64], *, side: int, pulse: Pulse = no_pulse
    ) -> NDArray[np.float64]:
        """Pooled features (rows, features) of any rows of the dataset; not kept."""
        view, model = view_of(self.backbones[backbone].config, side=side), self.source_model(backbone)
        found = in_batches(
            lambda x: pooled(model, x),
            LazyImages(self.dataset, rows, view),
            normalise=lambda x: self.normalise(backbone, x),
            device=self.device,
            batch=self.part,
            pulse=pulse,
        )
        return found.double().numpy()

    def heads(
        self,
        backbone: str,
        settings: Sequence[HeadSetting],
        *,
        side: int,
        fold: int | None = None,
        pulse: Pulse = no_pulse,
        end: Deadline = NEVER,
    ) -> Tensor:
        """Linear classifiers on the features (folds + 1, settings, classes, features + 1), the bias last.

        The folds are those of the first repeat, and last all training rows; or ``fold`` of a later one alone.
        By ``end`` fits stop where they have come to; such heads are not kept.
        """
        facts, classes = self.backbones[backbone], len(self.dataset.classes)
        key = {
            "heads": [[each.c, each.standardise, each.balanced] for each in settings],
            "labels": self.dataset.digest,
            "row weights": self.weighed,
            "split": self.splits.hash,
            "view": view_of(facts.config, side=side).key,
            "weights": facts.digest,
        } | ({} if fold is None else {"fold": fold})
        folds = self.splits.first if fold is None else self.splits.folds[fold : fold + 1]
        learned = [each.train for each in folds] + [self.splits.train] * (fold is None)

        def fill(out: NDArray[Any]) -> bool:
            features = self.features(backbone, side=side, pulse=pulse).to(self.device)
            found = fit_heads(
                features,
                self.labels.to(self.device),
                classes=classes,
                settings=settings,
                folds=[self.positions(rows).to(self.device) for rows in learned],
                weights=None if self.weights is None else self.weights.to(self.device),
                pulse=pulse,
                end=end,
            )
            out[..., :-1], out[..., -1] = found.weight.cpu().numpy(), found.bias.cpu().numpy()
            return found.converged

        shape = (len(learned), len(settings), classes, facts.features + 1)
        make = self.store.array if math.isinf(end.at) else self.store.array_if_done
        return torch.from_numpy(make(key, shape, np.float32, fill))

    def source_model(self, backbone: str) -> nn.Module:
        """The pretrained network with its own head, in eval mode. Shared: not to be changed."""
        return self._model(backbone, "source")

    def task_model(self, backbone: str) -> nn.Module:
        """The pretrained network with a new zero head for the task. Shared: not to be changed."""
        return self._model(backbone, "task")

    def model(self, backbone: str) -> nn.Module:
        """A fresh copy of the pretrained network with a new zero head for the task."""
        return copy.deepcopy(self.task_model(backbone))

    def random_model(self, backbone: str, *, seed: int) -> nn.Module:
        """The same network, re-initialised from the seed, with a new zero head for the task."""
        classes = len(self.dataset.classes)
        weights = self.backbones[backbone].weights
        return to_device(create(weights, classes=classes, pretrained=False, seed=seed), self.device)

    def normalise(self, backbone: str, pixels: Tensor) -> Tensor:
        """uint8 images as the backbone wants them: float32, on the device, channels last."""
        config = self.backbones[backbone].config
        return Normalise(config.mean, config.std, self.device)(pixels)

    def _view(self, backbone: str, side: int, margin: bool) -> View:
        return view_of(self.backbones[backbone].config, side=side, margin=margin)

    def pixels_key(self, view: View, rows: int) -> dict[str, Any]:
        """What names the images of the first training rows in the store."""
        return {"pixels": self.named, "rows": rows, "view": view.key}

    def features_key(self, backbone: str, side: int) -> dict[str, Any]:
        """What names the features of the training rows in the store."""
        facts = self.backbones[backbone]
        return {
            "features": self.named,
            "view": view_of(facts.config, side=side).key,
            "weights": facts.digest,
        }

    def _shape(self, view: View, rows: int) -> tuple[int, ...]:
        return rows, 3, view.pixels, view.pixels

    def _model(self, backbone: str, head: str) -> nn.Module:
        if (backbone, head) not in self._models:
            weights = self.backbones[backbone].weights
            if head == "source":
                model = create(weights)
            else:
                model = copy.deepcopy(self._model(backbone, "source")).cpu()
                new_head(model, len(self.dataset.classes))
            self._models[backbone, head] = to_device(model, self.device).eval()
        return self._models[backbone, head]
