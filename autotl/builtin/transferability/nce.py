"""Score how well top source classes determine target labels."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability


class Nce:
    """The negative conditional entropy −H(target label | top source class).

    It is in nats, at most 0.
    """

    name = "nce"
    summary = "negative entropy of the labels, given the source head's top class"
    reference = "Tran et al., Transferability and Hardness of Supervised Classification Tasks, ICCV 2019"
    needs_head = True

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return log P(label | top class) of each image, (n,)."""
        assert seen.probabilities is not None
        top = seen.probabilities.argmax(1)
        joint = np.zeros((seen.classes, seen.probabilities.shape[1]))
        np.add.at(joint, (seen.labels, top), 1.0)
        logs: NDArray[np.float64] = np.log(joint[seen.labels, top] / joint.sum(0)[top])
        return logs


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Nce()]
