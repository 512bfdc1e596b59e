"""The principal axes of a source, found once for all that is measured against it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import Reference

Rows = NDArray[np.float64]

_last: list[tuple[Rows, Rows, Rows]] = []  # of one covariance: hundreds of distances from it follow


def principal_axes(source: Reference) -> tuple[Rows, Rows]:
    """The source's variances along its principal axes (d,), the largest first, and the axes, as columns."""
    if source.cov.ndim == 1:
        order = np.argsort(-source.cov)
        return np.maximum(source.cov[order], 0), np.eye(len(source.cov))[:, order]
    if not _last or _last[0][0] is not source.cov:
        values, axes = np.linalg.eigh(source.cov)
        _last[:] = [(source.cov, np.maximum(values[::-1], 0), np.ascontiguousarray(axes[:, ::-1]))]
    return _last[0][1:]
