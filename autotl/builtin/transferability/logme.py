"""The evidence that linear models of the features have for the labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

STEPS, CLOSE = 11, 1e-3
TINY = 1e-5


class LogMe:
    """The log maximum evidence of Bayesian linear regressions from features to one-hot labels, per image.

    For each class the label vector is explained by features with a Normal prior of precision α on the weights
    and β on the noise; both are set to where the evidence is largest, by MacKay's fixed point as the authors
    run it (at most 11 steps, until α/β moves by less than a thousandth).

    >>> features = np.array([[0.0, 1], [0.1, 1], [1, 0], [1.1, 0]])
    >>> seen = LabelledFeatures(features, np.array([0, 0, 1, 1]))
    >>> LogMe().score(seen) > LogMe().score(LabelledFeatures(features, np.array([0, 1, 0, 1])))
    True
    """

    name = "logme"
    summary = "log maximum evidence of linear models for the labels, per image"
    reference = "You et al., LogME: Practical Assessment of Pre-trained Models, ICML 2021, arXiv:2102.11005"
    needs_head = False

    def score(self, seen: LabelledFeatures) -> float:
        x, member = seen.features, np.eye(seen.classes)[seen.labels]  # (n, d), (n, classes)
        n, d = x.shape
        energy, squares = _spectrum(x, member)  # (r,), (r, classes)
        outside = np.maximum(member.sum(0) - squares.sum(0), 0.0)  # of the labels, what no feature reaches
        found = [_evidence(energy, squares[:, k], float(outside[k]), n, d) for k in range(seen.classes)]
        return float(np.mean(found))


def _spectrum(
    x: NDArray[np.float64], member: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The squared singular values (r,) of the features and the squared labels (r, classes) along them."""
    n, d = x.shape
    if n <= d:
        energy, left = np.linalg.eigh(x @ x.T)
        return np.maximum(energy, 0.0), (left.T @ member) ** 2
    energy, right = np.linalg.eigh(x.T @ x)
    kept = energy > 1e-12 * max(float(energy[-1]), 1e-300)
    along = (right[:, kept].T @ (x.T @ member)) ** 2 / energy[kept, None]
    return np.maximum(energy, 0.0), _filled(along, kept)


def _filled(values: NDArray[np.float64], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
    out = np.zeros((len(kept), values.shape[1]))
    out[kept] = values
    return out


def _evidence(
    energy: NDArray[np.float64], squares: NDArray[np.float64], outside: float, n: int, d: int
) -> float:
    if not energy.any():  # features that are all zero: only the noise is left to explain the labels
        beta = n / (outside + TINY)
        return float(np.log(beta / (2 * np.pi)) / 2 - beta * outside / (2 * n))
    alpha = beta = 1.0
    found = 0.0
    for _ in range(STEPS):
        ratio = alpha / beta
        known = float((energy / (energy + ratio)).sum())
        weights = float((energy * squares / (ratio + energy) ** 2).sum())
        left = float((squares / (1 + energy / ratio) ** 2).sum()) + outside
        alpha, beta = known / (weights + TINY), (n - known) / (left + TINY)
        found = (
            d / 2 * np.log(alpha)
            + n / 2 * np.log(beta)
            - 0.5 * np.log(alpha + beta * energy).sum()
            - beta / 2 * left
            - alpha / 2 * weights
            - n / 2 * np.log(2 * np.pi)
        ) / n
        if abs(alpha / beta - ratio) / ratio <= CLOSE:
            break
    return float(found)


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [LogMe()]
