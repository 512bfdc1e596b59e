"""Images that are decoded anew each time they are asked for: slower, where there is no room to keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from autotl.api import Dataset
from autotl.data.view import View, render

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


class OnDemand:
    """Rows of a dataset through a view, indexed as the tensor of them, uint8 (rows, 3, h, w), would be."""

    def __init__(self, dataset: Dataset, rows: Rows, view: View) -> None:
        self._dataset, self._rows, self._view = dataset, rows, view

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, chosen: Tensor | slice) -> Tensor:
        """The images at these positions, decoded now."""
        rows = self._rows[chosen if isinstance(chosen, slice) else chosen.numpy()]
        return torch.from_numpy(render(self._dataset, rows, self._view))

    def only(self, positions: Tensor) -> OnDemand:
        """The images at these positions, none of them decoded yet."""
        return OnDemand(self._dataset, self._rows[positions.numpy()], self._view)
