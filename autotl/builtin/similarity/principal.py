"""Compute the principal axes of a source once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import Reference

Rows = NDArray[np.float64]

_last: list[tuple[Rows, Rows, Rows]] = []  # of the last covariance: hundreds of distances from it follow


def principal_axes(source: Reference) -> tuple[Rows, Rows]:
    """Return the variances and the principal axes of a source.

    The variances (d,) are in descending order, and the axes (d, d) are columns.
    """
    if source.cov.ndim == 1:
        order = np.argsort(-source.cov)
        return np.maximum(source.cov[order], 0), np.eye(len(source.cov))[:, order]
    if not _last or _last[0][0] is not source.cov:
        variances, axes = np.linalg.eigh(source.cov)
        _last[:] = [(source.cov, np.maximum(variances[::-1], 0), np.ascontiguousarray(axes[:, ::-1]))]
    return _last[0][1:]
