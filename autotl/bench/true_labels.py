"""Find the true labels of the test images in results."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.bench import split as splits
from autotl.bench.suite import SUITES_FOLDER
from autotl.errors import BenchError


def true_labels(results: Iterable[Path]) -> dict[str, NDArray[np.int64]]:
    """Return the test labels (images,) by the split's hash.

    All known splits of images with one class each are included. Splits are read from the ``splits`` folder
    beside each results file, and from the shipped ones. Other files there are ignored.
    """
    found = {}
    for folder in (SUITES_FOLDER / "splits", *(path.parent / "splits" for path in results)):
        for path in sorted(folder.glob("*.csv")):
            try:
                split = splits.read(path)
            except BenchError:
                continue
            if split.target == "single_label":
                found[split.hash] = split.labels
    return found
