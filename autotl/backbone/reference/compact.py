"""Compress a source reference to a few hundred kilobytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Reference

MAX_CODE = 255
COMPACT = ("mean", "axes", "variances", "rest", "low", "step", "codes")
"""The arrays of a compact reference; see :func:`compress`."""


def compress(reference: Reference, *, axes: int) -> dict[str, NDArray[Any]]:
    """Compress the covariance and the sample of a reference.

    The covariance becomes ``axes @ diag(variances) @ axes.T + diag(rest)``, a factor model that is exact on
    the diagonal. Each feature of the sample becomes one of 256 levels between its minimum and its maximum.

    Args:
        reference: A reference with a whole covariance (d, d).
        axes: The number of principal axes to keep, at most d.

    Returns:
        ``mean``, ``variances``, ``rest``, ``low``, ``step`` as float32, ``axes`` (d, axes) as float16 and
        ``codes`` (m, d) as uint8.
    """
    variances, directions = np.linalg.eigh(reference.cov)
    kept = np.ascontiguousarray(directions[:, ::-1][:, :axes]).astype(np.float16)  # (d, axes)
    largest = np.maximum(variances[::-1][:axes], 0).astype(np.float32)
    explained = (kept.astype(np.float64) ** 2) @ largest.astype(np.float64)
    low, high = reference.sample.min(0), reference.sample.max(0)
    step = np.maximum(high - low, np.finfo(np.float32).tiny) / MAX_CODE
    return {
        "mean": reference.mean.astype(np.float32),
        "axes": kept,
        "variances": largest,
        "rest": np.maximum(np.diagonal(reference.cov) - explained, 0).astype(np.float32),
        "low": low.astype(np.float32),
        "step": step.astype(np.float32),
        "codes": np.rint((reference.sample - low) / step).astype(np.uint8),
    }


def expand(arrays: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float64], ...]:
    """Return mean, covariance and sample of a compact reference.

    Their shapes are (d,), (d, d) and (m, d).

    Raises:
        ValueError: The arrays do not fit together.
    """
    mean, axes, variances, rest, low, step, codes = (
        np.asarray(arrays[name], dtype=np.float64) for name in COMPACT
    )
    covariance = (axes * variances) @ axes.T + np.diag(rest)
    return mean, covariance, low + codes * step
