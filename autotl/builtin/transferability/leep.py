"""How well the source head's answers foretell the target's labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability


class Leep:
    """The log expected empirical prediction: the mean log-likelihood of the labels, at most 0.

    An image's label is foretold by the mean of P(target class | source class) under what the source head
    says of the image.
    """

    name = "leep"
    summary = "log-likelihood of the labels, foretold through the source head's classes"
    reference = "Nguyen et al., LEEP: A New Measure to Evaluate Transferability, ICML 2020, arXiv:2002.12462"
    needs_head = True

    def score(self, seen: LabelledFeatures) -> float:
        assert seen.probabilities is not None
        return float(log_expected_prediction(seen.probabilities, seen.labels, seen.classes).mean())


def log_expected_prediction(
    probabilities: NDArray[np.float64], labels: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """log Σ_z P(y|z) P(z|x) of each image (n,), for ``probabilities`` P(z|x) (n, z)."""
    joint = np.eye(classes)[labels].T @ probabilities / len(labels)  # (classes, z)
    likely = joint / np.maximum(joint.sum(0), 1e-300)
    found: NDArray[np.float64] = np.log(np.maximum((probabilities * likely[labels]).sum(1), 1e-300))
    return found


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Leep()]
