"""List the labelled source images of an exploration."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import SOURCE
from autotl.data import UnlabelledImage
from autotl.data.additional.listing import list_additional
from autotl.data.splits.reading_sample import stratified_sample
from autotl.errors import DataError
from autotl.exploration.images.features import ImageRows
from autotl.exploration.images.listing import Readers
from autotl.exploration.images.scan import scan_images

MAX_IMAGES = 5000
"""Source images that are read: a covariance of 1,280 features needs no more."""


@dataclass(frozen=True, slots=True)
class SourceRows:
    """Labelled images of other classes than those to find.

    Attributes:
        rows: The distinct images.
        labels: The class of each, int64 (n,).
        used: The rows that are no exact copies of explored images.
    """

    rows: ImageRows
    labels: NDArray[np.int64]
    used: NDArray[np.int64]

    @property
    def classes(self) -> int:
        """The number of classes among the used images."""
        return len(np.unique(self.labels[self.used]))

    @property
    def left_out(self) -> int:
        """The number of copies of explored images."""
        return len(self.rows) - len(self.used)


def read_source(
    source: Any, explored: Collection[str], folder: Path, *, readers: Readers, seed: int
) -> SourceRows:
    """Read labelled source images, at most 5,000, stratified by class.

    Args:
        source: The images in a form with labels.
        explored: The digests of the images to explore; copies of these are not used.
        folder: The folder of unfinished work of the source.
        readers: Returns the readers by name.
        seed: The seed of the sample.

    Raises:
        DataError: There are no labels, or too few images.
    """
    listing = list_additional(SOURCE, source, readers=readers())
    if not listing.labelled:
        raise DataError(
            "source must be labelled images of two classes or more (got images without). Give class folders, "
            "or a table with labels."
        )
    items = [listing.items[number] for number in stratified_sample(listing.items, MAX_IMAGES, seed=seed)]
    images = [UnlabelledImage(item.name, item.open) for item in items]
    rows = ImageRows(images, scan_images(images, folder))
    names = [str(items[number].target) for number in rows.scan.numbers]
    labels = np.unique(names, return_inverse=True)[1].astype(np.int64)
    used = [row for row, digest in enumerate(rows.scan.digests) if digest not in explored]
    found = SourceRows(rows, labels, np.array(used, dtype=np.int64))
    if len(used) == 0 or found.classes < 2:
        raise DataError(
            f"source must have readable images of two classes or more that are not explored (got "
            f"{len(used)} images, {found.classes if len(used) else 0} classes). Give other images."
        )
    return found
