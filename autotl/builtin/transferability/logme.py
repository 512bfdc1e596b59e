"""Score the evidence of linear models of the features for the labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

MAX_STEPS = 11
TOLERANCE = 1e-3  # relative change of α/β
TINY = 1e-5


class LogMe:
    """The log maximum evidence of Bayesian linear regressions, per image.

    They map features to one-hot labels, to several labels or to numbers. There is a regression for each, with
    Normal priors of precision α on the weights and β on the noise. Both maximise the evidence, by MacKay's
    fixed point iteration as the authors run it. It ends after 11 steps, or if α/β changes by less than a
    thousandth.

    >>> features = np.array([[0.0, 1], [0.1, 1], [1, 0], [1.1, 0]])
    >>> seen = LabelledFeatures(features, np.array([0, 0, 1, 1]))
    >>> LogMe().score(seen) > LogMe().score(LabelledFeatures(features, np.array([0, 1, 0, 1])))
    True
    """

    name = "logme"
    summary = "log maximum evidence of linear models for the labels, per image"
    reference = "You et al., LogME: Practical Assessment of Pre-trained Models, ICML 2021, arXiv:2102.11005"
    needs_head = False
    kinds = frozenset({"single_label", "multi_label", "regression"})

    def score(self, seen: LabelledFeatures) -> float:
        x = seen.features  # (n, d)
        one_hot = np.eye(seen.classes)[seen.labels] if seen.targets is None else seen.targets  # (n, k)
        n, d = x.shape
        energy, squares = _spectrum(x, one_hot)  # (r,), (r, classes)
        outside = np.maximum(
            (one_hot**2).sum(0) - squares.sum(0), 0.0
        )  # labels outside the span of the features
        found = [_evidence(energy, squares[:, k], float(outside[k]), n, d) for k in range(one_hot.shape[1])]
        return float(np.mean(found))


def _spectrum(
    x: NDArray[np.float64], one_hot: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return squared singular values, and squared labels along them.

    Their shapes are (r,) and (r, classes).
    """
    n, d = x.shape
    if n <= d:
        energy, left = np.linalg.eigh(x @ x.T)
        return np.maximum(energy, 0.0), (left.T @ one_hot) ** 2
    energy, right = np.linalg.eigh(x.T @ x)
    kept = energy > 1e-12 * max(float(energy[-1]), 1e-300)
    along = (right[:, kept].T @ (x.T @ one_hot)) ** 2 / energy[kept, None]
    squares = np.zeros((len(kept), one_hot.shape[1]))
    squares[kept] = along
    return np.maximum(energy, 0.0), squares


def _evidence(
    energy: NDArray[np.float64], squares: NDArray[np.float64], outside: float, n: int, d: int
) -> float:
    """Return the log maximum evidence of one class, per image.

    Args:
        energy: The squared singular values of the features, (r,).
        squares: The squared labels along the singular vectors, (r,).
        outside: The squared labels outside the span of the features.
        n: The number of images.
        d: The number of features.
    """
    if not energy.any():  # all features are 0: only the noise explains the labels
        beta = n / (outside + TINY)
        return float(np.log(beta / (2 * np.pi)) / 2 - beta * outside / (2 * n))
    alpha = beta = 1.0
    evidence = 0.0
    for _ in range(MAX_STEPS):
        ratio = alpha / beta
        effective = float((energy / (energy + ratio)).sum())  # effective number of parameters
        weights = float((energy * squares / (ratio + energy) ** 2).sum())  # squared norm
        residual = float((squares / (1 + energy / ratio) ** 2).sum()) + outside
        alpha, beta = effective / (weights + TINY), (n - effective) / (residual + TINY)
        evidence = (
            d / 2 * np.log(alpha)
            + n / 2 * np.log(beta)
            - 0.5 * np.log(alpha + beta * energy).sum()
            - beta / 2 * residual
            - alpha / 2 * weights
            - n / 2 * np.log(2 * np.pi)
        ) / n
        if abs(alpha / beta - ratio) / ratio <= TOLERANCE:
            break
    return float(evidence)


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [LogMe()]
