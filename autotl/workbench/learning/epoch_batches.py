"""The batches of an epoch, for strategies with their own training loop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from autotl.api import Batch, Cut, Workbench
from autotl.modalities import modality_of
from autotl.seeds import derive
from autotl.training import CachedBatches, ImageBatches, epoch_order, get_augmentation, row_weights


@dataclass(frozen=True, slots=True)
class EpochOrder:
    """The order of the training rows in an epoch.

    Attributes:
        epoch: Number of the epoch, from 1.
        batch_size: Rows per batch.
        balance: A name of BALANCES.
    """

    epoch: int
    batch_size: int
    balance: str

    def steps(self, rows: int) -> int:
        """Return the number of batches.

        No batch has a single row, on which BatchNorm cannot train.
        """
        return max(1, min(math.ceil(rows / max(2, self.batch_size)), rows // 2))


def epoch_batches(
    bench: Workbench, order: EpochOrder, *, input_size: int, augment: str, cut: Cut | None
) -> Iterator[Batch]:
    """Yield the training rows in batches.

    The order and the views depend on the seed of the trial and on the epoch alone.

    Args:
        bench: The workbench of the trial.
        order: The order of the rows.
        input_size: Image size in pixels.
        augment: A name of AUGMENTATIONS.
        cut: Yields cached activations in place of images.
    """
    generator = torch.Generator().manual_seed(derive(bench.seed, "batches", order.epoch))
    targets = bench.targets().train
    strata = torch.from_numpy(bench.target.strata(targets.numpy()))
    weights = row_weights(strata, bench.weights(), order.balance)
    source = _source(bench, input_size, augment, cut)
    source.start_epoch(order.epoch)
    rows_in_order = epoch_order(strata, order.balance, generator)
    for rows in rows_in_order.tensor_split(order.steps(len(targets))):
        inputs = source.batch(rows, generator)
        yield Batch(
            inputs,
            targets[rows].to(bench.device, non_blocking=True),
            None if weights is None else weights[rows].to(bench.device),
        )


def _source(bench: Workbench, input_size: int, augment: str, cut: Cut | None) -> ImageBatches | CachedBatches:
    if cut is not None:
        views = [cut.activations(view).train for view in range(cut.views)]
        return CachedBatches(cut.suffix, views, bench.device)
    augmentation, config = get_augmentation(augment), bench.backbone.config
    images = bench.inputs(input_size=input_size, augmented=augmentation is not None).train
    to_batch = modality_of(config).to_batch(config, bench.device)
    batches = ImageBatches(lambda x: x, images, augmentation, input_size, to_batch)
    return batches.on_device(bench.device)
