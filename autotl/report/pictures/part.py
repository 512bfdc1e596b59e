"""Collect the part of report.json about pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset
from autotl.clock import Deadline
from autotl.report.document.parse import parse
from autotl.report.pictures.choice import MAX_SHOWN, class_samples, shown_items
from autotl.report.pictures.keep import keep_thumbnails


@dataclass(frozen=True, slots=True)
class PictureEvidence:
    """The images that a report may show.

    Attributes:
        dataset: The images.
        train: The rows of the training part, (n,).
        mistakes: The worst mistakes on the test set, with the keys of
            :class:`autotl.report.document.pictures.Mistake`.
        n_mistakes: Test images with a wrong prediction; None for numbers.
        quality: The ``quality`` part of the report.
    """

    dataset: Dataset
    train: NDArray[np.int64]
    mistakes: Sequence[Mapping[str, Any]]
    n_mistakes: int | None
    quality: Mapping[str, Any]


def keep_pictures(evidence: PictureEvidence, folder: Path, *, end: Deadline) -> dict[str, Any]:
    """Write the thumbnails of a report, and return its ``pictures`` part.

    Args:
        evidence: The images.
        folder: The run folder.
        end: When to stop making thumbnails.

    Raises:
        DiskFull: There is not enough space.
        RunError: The folder cannot be written.
    """
    e = evidence
    mistakes, quality = list(e.mistakes[:MAX_SHOWN]), parse({"quality": e.quality}).quality
    counts = quality.imbalance.counts  # of all images, even if a short budget trains on fewer
    samples = [
        {**each, "images": counts.get(each["class"], each["images"])}
        for each in class_samples(e.dataset, e.train)
    ]
    items = shown_items(
        [each["item"] for each in mistakes],
        [each["items"] for each in samples],
        quality,
    )
    return {
        "mistakes": mistakes,
        "n_mistakes": e.n_mistakes,
        "samples": samples,
        "files": keep_thumbnails(e.dataset, items, folder, end=end),
    }
