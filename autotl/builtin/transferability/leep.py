"""Score how well source head outputs predict target labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability

TINY = 1e-300


class Leep:
    """The log expected empirical prediction (LEEP).

    It is the mean log-likelihood of the labels, at most 0. A label is predicted by the mean of P(target class
    | source class), weighted by the source head's probabilities for the image.
    """

    name = "leep"
    summary = "log-likelihood of the labels, predicted through the source head's classes"
    reference = "Nguyen et al., LEEP: A New Measure to Evaluate Transferability, ICML 2020, arXiv:2002.12462"
    needs_head = True

    def score(self, seen: LabelledFeatures) -> float:
        assert seen.probabilities is not None
        return float(log_expected_prediction(seen.probabilities, seen.labels, seen.classes).mean())


def log_expected_prediction(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """Return log Σ_z P(y|z) P(z|x) of each image, (n,).

    Args:
        probabilities: P(z|x), (n, source classes).
        labels: The target labels, (n,).
        classes: The number of target classes.
    """
    joint = np.eye(classes)[labels].T @ probabilities / len(labels)  # (classes, source classes)
    conditional = joint / np.maximum(joint.sum(0), TINY)
    likelihood: NDArray[np.float64] = (probabilities * conditional[labels]).sum(1)
    logs: NDArray[np.float64] = np.log(np.maximum(likelihood, TINY))
    return logs


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Leep()]
