"""Decode images on each access, if memory is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from autotl.api import Dataset, InputView
from autotl.data.view import render
from autotl.progress.timeline import spent_on

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


class LazyImages:
    """Rows of a dataset, indexed like a tensor of pixels.

    An index gives uint8 images (rows, 3, h, w).
    """

    def __init__(self, dataset: Dataset, rows: Rows, view: InputView) -> None:
        self._dataset, self._rows, self._view = dataset, rows, view

    def __len__(self) -> int:
        return len(self._rows)

    @spent_on("decode")
    def __getitem__(self, chosen: Tensor | slice) -> Tensor:
        """Decode the images at these positions."""
        rows = self._rows[chosen if isinstance(chosen, slice) else chosen.numpy()]
        return torch.from_numpy(render(self._dataset, rows, self._view))

    def only(self, positions: Tensor) -> LazyImages:
        """Return the images at these positions without decoding them."""
        return LazyImages(self._dataset, self._rows[positions.numpy()], self._view)
