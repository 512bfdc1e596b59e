"""Hold the images of the place of use, with their labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.data.additional.known_classes import UNKNOWN
from autotl.seeds import derive
from autotl.workbench.additional.sets import AdditionalSet

Rows = NDArray[np.int64]

MIN_SLICE = 30
"""Labelled images from which a guard can measure a difference; fewer are kept for the report."""
MIN_OF_CLASS = 6
"""Labelled images of a class that a slice needs of at least two: any model can predict a single one."""


@dataclass(frozen=True, slots=True)
class LabelledHalves:
    """The positions of labelled images among the used ones, ascending.

    The guard may use the ``slice``, which is empty if it would be too small or lack a second class. The
    ``truth`` is for the report alone.
    """

    slice: Rows
    truth: Rows


@dataclass(frozen=True, slots=True)
class PlaceOfUse:
    """The images of the place of use.

    Strategies get the images from the run cache, and never the labels.

    Attributes:
        images: The images.
        labels: The class of each used image, (used,); UNKNOWN without one.
    """

    images: AdditionalSet
    labels: Rows

    def halves(self, seed: int) -> LabelledHalves:
        """Divide the labelled images into two halves, stratified by class.

        Args:
            seed: The seed of the run.
        """
        rng = np.random.default_rng(derive(seed, "labels of the place of use"))
        known = rng.permutation(np.flatnonzero(self.labels != UNKNOWN))
        known = known[np.argsort(self.labels[known], kind="stable")]  # every other one of each class
        counts = np.bincount(self.labels[known])
        if len(known) < 2 * MIN_SLICE or np.sum(counts >= MIN_OF_CLASS) < 2:
            return LabelledHalves(known[:0], np.sort(known))
        return LabelledHalves(np.sort(known[::2]), np.sort(known[1::2]))
