"""Compare stated probabilities with frequencies, in bins of equal width."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target

BINS = 15

Floats = NDArray[np.float64]


def calibration_error(targets: NDArray[Any], outputs: NDArray[np.float32], target: Target) -> float | None:
    """Return the expected calibration error, in [0, 1].

    It is the mean gap between confidence and accuracy over equal-width bins, weighted by their images. For
    several labels it is the mean over the labels.

    Args:
        targets: Encoded targets.
        outputs: Outputs, (n, k).
        target: The kind of target.

    Returns:
        The error; None for numbers, which have no probabilities.
    """
    if target.spec.kind == "regression":
        return None
    probabilities = target.predict(outputs)
    if target.spec.kind == "multi_label":
        gaps = [binned_gap(probabilities[:, i], targets[:, i] > 0) for i in range(probabilities.shape[1])]
        return float(np.mean(gaps))
    return binned_gap(probabilities.max(1), probabilities.argmax(1) == targets)


def binned_gap(stated: Floats, hits: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Return the mean gap between stated probabilities and frequencies.

    Args:
        stated: Probabilities of an event, (n,).
        hits: Whether the event occurred, (n,).
        bins: Number of bins.
    """
    bin_of = np.minimum((stated * bins).astype(int), bins - 1)
    gaps = [
        abs(stated[bin_of == b].mean() - hits[bin_of == b].mean()) * (bin_of == b).mean()
        for b in range(bins)
        if (bin_of == b).any()
    ]
    return float(sum(gaps))
