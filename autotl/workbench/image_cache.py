"""Decoded training images, kept in the store."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import Backbone, Dataset, InputView
from autotl.cache import Store
from autotl.data import LazyImages, render_parts, view_of
from autotl.modalities import modality_of
from autotl.progress.timeline import each_spent_on

CancellationCheck = Callable[[], None]
"""Called often in long work; may raise to end it."""


def never_cancelled() -> None:
    """Do nothing: the work cannot be cancelled."""


@dataclass(frozen=True, slots=True)
class ImageCache:
    """Decoded images of the training rows, made when first used.

    Attributes:
        dataset: The data.
        order: Dataset rows of the training images, (n,).
        rows_digest: Names ``order`` in the store.
        backbones: The networks, by name; they determine how images are seen.
        store: Keeps the images.
        batch_size: Images that are decoded and processed together.
    """

    dataset: Dataset
    order: NDArray[np.int64]
    rows_digest: str
    backbones: Mapping[str, Backbone]
    store: Store
    batch_size: int

    def pixels(
        self,
        backbone: str,
        *,
        input_size: int,
        margin: bool,
        rows: int | None = None,
        check_cancelled: CancellationCheck = never_cancelled,
    ) -> Tensor | LazyImages:
        """Return images, decoded once and memory-mapped.

        They are decoded on demand if the store is full.

        Args:
            backbone: The network that sees the images.
            input_size: Image size in pixels.
            margin: Whether to add the margin for random crops.
            rows: Number of leading training images; None for all.
            check_cancelled: Called after each batch; may raise to end the work.

        Returns:
            Images, uint8 (rows, 3, h, w), or texts, int32 (rows, tokens).
        """
        view, count = self._view(backbone, input_size, margin), rows or len(self.order)
        if not self.store.fits(_shape(view, count), view.dtype):
            return LazyImages(self.dataset, self.order[:count], view)
        while (found := self.store.find(self.key(view, count))) is None:
            with closing(
                self.iter_pixels(backbone, input_size=input_size, margin=margin, rows=count)
            ) as batches:
                for _ in batches:
                    check_cancelled()
        return torch.from_numpy(found)

    def iter_pixels(
        self, backbone: str, *, input_size: int, margin: bool, rows: int | None = None
    ) -> Generator[tuple[slice, Tensor], None, None]:
        """Yield the images in batches, while the next ones are decoded.

        Args:
            backbone: The network that sees the images.
            input_size: Image size in pixels.
            margin: Whether to add the margin for random crops.
            rows: Number of leading training images; None for all.

        Yields:
            The rows of each batch, and its images, uint8 (batch, 3, h, w), or texts, int32 (batch, tokens).
        """
        view, count = self._view(backbone, input_size, margin), rows or len(self.order)
        key, shape = self.key(view, count), _shape(view, count)
        step = self.batch_size
        batches = [slice(start, min(start + step, count)) for start in range(0, count, step)]
        images: Any = None
        if not self.store.fits(shape, view.dtype):
            images = LazyImages(self.dataset, self.order[:count], view)
        elif (found := self.store.find(key)) is not None:
            images = torch.from_numpy(found)
        if images is not None:
            for batch in batches:
                yield batch, images[batch]
            return
        with self.store.create(key, shape, view.dtype) as out:
            if out is not None:
                rendering = render_parts(self.dataset, self.order[:count], view, batches, out)
                for batch, _ in zip(batches, each_spent_on("decode", rendering), strict=True):
                    yield batch, torch.from_numpy(out[batch])
                return
        # another process has decoded them meanwhile
        yield from self.iter_pixels(backbone, input_size=input_size, margin=margin, rows=rows)

    def blank(self, backbone: str, input_size: int) -> Tensor:
        """Return one encoded input of zeros, (1, …)."""
        view = self._view(backbone, input_size, False)
        return torch.from_numpy(np.zeros((1, *view.shape), view.dtype))

    def to_batch(self, backbone: str, encoded: Tensor, device: str) -> Tensor:
        """Return encoded inputs as a network takes them.

        Args:
            backbone: The network.
            encoded: The inputs, (rows, …).
            device: Receives them.
        """
        config = self.backbones[backbone].config
        return modality_of(config).to_batch(config, device)(encoded)

    def key(self, view: InputView, rows: int) -> dict[str, Any]:
        """Return the store's key of the first ``rows`` training images."""
        return {"pixels": self.rows_digest, "rows": rows, "view": view.key}

    def _view(self, backbone: str, input_size: int, margin: bool) -> InputView:
        return view_of(self.backbones[backbone].config, input_size=input_size, margin=margin)


def _shape(view: InputView, rows: int) -> tuple[int, ...]:
    return rows, *view.shape
