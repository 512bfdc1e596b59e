"""Data that a run's trials share: images, features, linear heads, networks."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import Backbone, Dataset, HeadSetting, LinearProblem, Splits
from autotl.backbone import pooled
from autotl.cache import Store
from autotl.clock import NEVER, Deadline
from autotl.data import LazyImages, hide_rows, rows_digest, view_of
from autotl.heads import HeadKinds
from autotl.targets import target_of
from autotl.training import forward_in_batches
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.feature_extraction import Prefill, extract_features
from autotl.workbench.image_cache import CancellationCheck, ImageCache, never_cancelled
from autotl.workbench.networks import Networks

CPU_BATCH_SIZE = 64
"""Images that are decoded and processed together on a CPU."""
ACCELERATOR_BATCH_SIZE = 512
"""Images that are decoded and processed together on an accelerator."""


class RunCache:
    """Images, features and networks of one run.

    Each is made when first used. Test images are excluded. Rows are positions in ``order``, which puts the
    training rows of a single fold first, so that both parts can be sliced without copying. Images and
    features depend on ``order`` alone, not on the folds.

    Attributes:
        dataset: The data.
        splits: The test set and the folds.
        backbones: The networks, by name.
        device: Runs the networks.
        networks: The opened networks.
        store: Keeps the arrays.
        processes: Processes that train a network together.
        order: Dataset rows of the training images, (n,).
        target: The kind of target.
        targets: Encoded targets of the training images, a row for each.
        weights: Weights of the training images, float32 (n,); None if all are equal.
        weights_digest: Names the weights in the store; None without weights.
        rows_digest: Names ``order`` in the store.
        batch_size: Images that are decoded and processed together.
        test_attempts: Hidden test rows that were opened in spite of that.
        extra_features: Rows outside the training set, (m,), and their features, float32 (m, features), by
            backbone and image size.
        additional: Images besides the labelled ones, by their role.
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
        previous: RunCache | None = None,
    ) -> None:
        """Prepare a cache; see the attributes for its arguments.

        Args:
            weights: Weights of all dataset rows; None if all are equal.
            previous: A cache with other rows or folds, whose networks and features are reused.
        """
        self.dataset, self.splits, self.backbones, self.device = dataset, splits, backbones, device
        self.store, self.processes = store, processes
        first = splits.folds[0]
        self.order = np.concatenate([first.train, first.val]) if len(splits.folds) == 1 else splits.train
        self.weights = None if weights is None else torch.from_numpy(weights[self.order]).float()
        self.weights_digest = None if weights is None else hashlib.blake2b(weights.tobytes()).hexdigest()
        self.rows_digest = rows_digest(dataset, self.order)
        self._positions = {int(row): position for position, row in enumerate(self.order)}
        self.target = target_of(dataset.target)
        self.targets = torch.from_numpy(dataset.targets[self.order])
        self.batch_size = CPU_BATCH_SIZE if device == "cpu" else ACCELERATOR_BATCH_SIZE
        self._previous = previous
        self.test_attempts: list[int] = []
        opened = None if previous is None else previous.networks
        width = dataset.target.outputs
        self.networks: Networks = Networks(backbones, outputs=width, device=device, opened=opened)
        self.extra_features: dict[tuple[str, int], tuple[NDArray[np.int64], NDArray[np.float32]]] = (
            {} if previous is None else previous.extra_features
        )
        self.additional: Mapping[str, AdditionalSet] = {} if previous is None else previous.additional

    def __getstate__(self) -> dict[str, Any]:
        """Leave out data that another process opens or finds itself."""
        return self.__dict__ | {"_positions": None, "extra_features": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state
        self._positions = {int(row): position for position, row in enumerate(self.order)}

    def with_store(self, store: Store) -> RunCache:
        """Return the same cache with another store."""
        copied = copy.copy(self)
        copied.store = store
        return copied

    def without_test(self) -> RunCache:
        """Return the same cache with the test rows hidden."""
        copied = copy.copy(self)
        copied.test_attempts, copied.extra_features = [], {}
        copied.dataset = hide_rows(self.dataset, self.splits.test, copied.test_attempts)
        copied._previous = None if self._previous is None else self._previous.without_test()
        return copied

    def with_backbones(self, backbones: Mapping[str, Backbone]) -> RunCache:
        """Return the same cache with other facts about the same backbones."""
        copied = copy.copy(self)
        copied.backbones, copied.networks = backbones, self.networks.with_backbones(backbones)
        copied.extra_features = self.extra_features
        return copied

    def with_head_kinds(self, kinds: HeadKinds) -> RunCache:
        """Return the same cache with these kinds of heads."""
        copied = copy.copy(self)
        copied.networks = self.networks.with_head_kinds(kinds)
        copied.extra_features = self.extra_features
        return copied

    @property
    def images(self) -> ImageCache:
        """The decoded training images."""
        own = self.dataset, self.order, self.rows_digest
        return ImageCache(*own, self.backbones, self.store, self.batch_size)

    def fold_targets(self) -> list[NDArray[Any]]:
        """Return the encoded validation targets of each fold."""
        return [self.dataset.targets[fold.val] for fold in self.splits.folds]

    def positions(self, rows: NDArray[np.int64]) -> Tensor:
        """Return the positions of dataset rows in ``order``."""
        return torch.tensor([self._positions[int(row)] for row in rows], dtype=torch.long)

    def features(
        self,
        backbone: str,
        *,
        input_size: int,
        check_cancelled: CancellationCheck = never_cancelled,
        prefill: Prefill | None = None,
    ) -> Tensor:
        """Return pooled features of all training rows through the frozen backbone.

        Args:
            backbone: The network.
            input_size: Image size in pixels.
            check_cancelled: Called before each batch; may raise to end the work.
            prefill: Receives activations of the same pass, if features are not cached yet.

        Returns:
            Features, float32 (rows, features).
        """

        def fill(out: NDArray[Any]) -> None:
            previous = self._previous
            known = (
                previous.cached_features(backbone, input_size=input_size) if previous is not None else None
            )
            if previous is not None and known is not None:
                out[:] = known[previous.positions(self.order).numpy()]
                return
            with closing(self.images.iter_pixels(backbone, input_size=input_size, margin=False)) as batches:
                extract_features(
                    self.networks.source(backbone),
                    batches,
                    out,
                    to_batch=lambda x: self.to_batch(backbone, x),
                    device=self.device,
                    batch=self.batch_size,
                    prefill=prefill,
                    check_cancelled=check_cancelled,
                )

        key, width = self.features_key(backbone, input_size), self.backbones[backbone].features
        return torch.from_numpy(self.store.array(key, (len(self.order), width), np.float32, fill))

    def cached_features(self, backbone: str, *, input_size: int) -> NDArray[Any] | None:
        """Return the features of the training rows if they are cached."""
        return self.store.find(self.features_key(backbone, input_size))

    def compute_extra_features(
        self,
        backbone: str,
        rows: NDArray[np.int64],
        *,
        input_size: int,
        check_cancelled: CancellationCheck = never_cancelled,
    ) -> NDArray[np.float64]:
        """Compute features (m, features) of other rows for ``extra_features``.

        Args:
            backbone: The network.
            rows: Dataset rows outside the training set, (m,).
            input_size: Image size in pixels.
            check_cancelled: Called before each batch; may raise to end the work.
        """
        model = self.networks.source(backbone)
        view = view_of(self.backbones[backbone].config, input_size=input_size)
        found = forward_in_batches(
            lambda x: pooled(model, x),
            LazyImages(self.dataset, rows, view),
            to_batch=lambda x: self.to_batch(backbone, x),
            device=self.device,
            batch=self.batch_size,
            check_cancelled=check_cancelled,
        )
        features = found.double().numpy()
        self.extra_features[backbone, input_size] = rows, features.astype(np.float32)
        return features

    def linear_heads(
        self,
        backbone: str,
        settings: Sequence[HeadSetting],
        *,
        input_size: int,
        fold: int | None = None,
        check_cancelled: CancellationCheck = never_cancelled,
        end: Deadline = NEVER,
    ) -> Tensor:
        """Return linear heads on the features.

        Args:
            backbone: The network.
            settings: How the heads are fitted.
            input_size: Image size in pixels.
            fold: A fold of a later repeat; None for the folds of the first repeat and all training rows.
            check_cancelled: Called before each optimiser step; may raise to end the work.
            end: When fitting stops; heads that have not converged by then are not cached.

        Returns:
            Weights and last the bias, (folds, settings, k, features + 1); all training rows come last.
        """
        width = self.backbones[backbone].features + 1
        folds = self.splits.first if fold is None else self.splits.folds[fold : fold + 1]
        train_rows = [each.train for each in folds] + [self.splits.train] * (fold is None)

        def fill(out: NDArray[Any]) -> bool:
            features = self.features(backbone, input_size=input_size, check_cancelled=check_cancelled)
            folds = [self.positions(rows) for rows in train_rows]
            problem = LinearProblem(features, self.targets, folds, self.weights).to(self.device)
            found = self.target.fit_linear(problem, settings, check_cancelled=check_cancelled, end=end)
            out[..., :-1], out[..., -1] = found.weight.cpu().numpy(), found.bias.cpu().numpy()
            return found.converged

        shape = (len(train_rows), len(settings), self.dataset.target.outputs, width)
        make = self.store.array if math.isinf(end.at) else self.store.array_if_done
        key = self.heads_key(backbone, settings, input_size, fold)
        return torch.from_numpy(make(key, shape, np.float32, fill))

    def to_batch(self, backbone: str, pixels: Tensor) -> Tensor:
        """Convert encoded inputs for the backbone, on the device."""
        return self.images.to_batch(backbone, pixels, self.device)

    def features_key(self, backbone: str, input_size: int) -> dict[str, Any]:
        """Return the store's key of the training rows' features."""
        return {"features": self.rows_digest, **self._network_key(backbone, input_size)}

    def heads_key(
        self, backbone: str, settings: Sequence[HeadSetting], input_size: int, fold: int | None = None
    ) -> dict[str, Any]:
        """Return the store's key of linear heads.

        Args:
            backbone: The network.
            settings: Of the heads.
            input_size: In pixels.
            fold: Of a later repeat; None for the first.
        """
        return {
            "heads": [[each.c, each.standardise, each.balanced] for each in settings],
            "labels": self.dataset.digest,
            "row weights": self.weights_digest,
            "split": self.splits.hash,
            **self._network_key(backbone, input_size),
        } | ({} if fold is None else {"fold": fold})

    def _network_key(self, backbone: str, input_size: int) -> dict[str, Any]:
        facts = self.backbones[backbone]
        return {"view": view_of(facts.config, input_size=input_size).key, "weights": facts.digest}
