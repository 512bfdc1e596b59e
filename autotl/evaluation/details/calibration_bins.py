"""Compare stated probabilities with frequencies, in bins of equal width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target

BINS = 15

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions with similar probabilities.

    ``stated`` is their mean probability, ``observed`` the share of them that is right, both in [0, 1]. ``n``
    is their number.
    """

    stated: float
    observed: float
    n: int


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


def reliability(
    targets: NDArray[Any], outputs: NDArray[np.float32], target: Target
) -> tuple[ReliabilityBin, ...]:
    """Return the bins of a reliability diagram.

    Classes count by the predicted class. Labels count all together, each by its own probability (DeGroot and
    Fienberg, The Comparison and Evaluation of Forecasters, The Statistician, 1983).

    Args:
        targets: Encoded targets.
        outputs: Outputs, (n, k).
        target: The kind of target.

    Returns:
        The bins with predictions, by rising probability; empty for numbers.
    """
    if target.spec.kind == "regression":
        return ()
    probabilities = target.predict(outputs)
    if target.spec.kind == "multi_label":
        return reliability_bins(probabilities.ravel(), (targets > 0).ravel())
    return reliability_bins(probabilities.max(1), probabilities.argmax(1) == targets)


def reliability_bins(
    stated: Floats, hits: NDArray[np.bool_], *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """Return the bins that have predictions.

    Args:
        stated: Probabilities of an event, (n,).
        hits: Whether the event occurred, (n,).
        bins: Number of bins of equal width.
    """
    bin_of = np.minimum((stated * bins).astype(int), bins - 1)
    return tuple(
        ReliabilityBin(float(stated[own].mean()), float(hits[own].mean()), int(own.sum()))
        for own in (bin_of == number for number in range(bins))
        if own.any()
    )


def binned_gap(stated: Floats, hits: NDArray[np.bool_], *, bins: int = BINS) -> float:
    """Return the mean gap between stated probabilities and frequencies.

    Args:
        stated: Probabilities of an event, (n,).
        hits: Whether the event occurred, (n,).
        bins: Number of bins.
    """
    found = reliability_bins(stated, hits, bins=bins)
    return sum(abs(each.stated - each.observed) * each.n for each in found) / max(1, len(stated))
