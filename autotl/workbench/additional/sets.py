"""A set of additional images of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.api import AdditionalImages, Dataset


@dataclass(frozen=True, slots=True)
class AdditionalSet:
    """The images of one role.

    Features are kept for all rows, because copies are found by them. Pixels are kept for the used rows.

    Attributes:
        dataset: The images that were read. Without labels it has no classes.
        used: The rows that may be learned from, ascending.
        given: The number of images that the user gave.
    """

    dataset: Dataset
    used: NDArray[np.int64]
    given: int

    @property
    def facts(self) -> AdditionalImages:
        """The facts for strategies."""
        return AdditionalImages(len(self.used), self.dataset.classes)

    @property
    def copies(self) -> int:
        """The number of images that are left out as copies."""
        return len(self.dataset) - len(self.used)

    @property
    def targets(self) -> Tensor | None:
        """Classes of the used rows, int64 (rows,); None without labels."""
        if not self.dataset.classes:
            return None
        return torch.from_numpy(self.dataset.table["label"].to_numpy(dtype="int64")[self.used])
