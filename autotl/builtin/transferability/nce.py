"""How much the source head's first answer leaves open about the target's label."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import LabelledFeatures, Transferability


class Nce:
    """The negative conditional entropy −H(target label | likeliest source class), in nats. At most 0."""

    name = "nce"
    summary = "negative entropy of the labels, given the source head's first answer"
    reference = "Tran et al., Transferability and Hardness of Supervised Classification Tasks, ICCV 2019"
    needs_head = True

    def score(self, seen: LabelledFeatures) -> float:
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """log P(label | first answer) of each image (n,), as counted on these images."""
        assert seen.probabilities is not None
        first = seen.probabilities.argmax(1)
        joint = np.zeros((seen.classes, seen.probabilities.shape[1]))
        np.add.at(joint, (seen.labels, first), 1.0)
        found: NDArray[np.float64] = np.log(joint[seen.labels, first] / joint.sum(0)[first])
        return found


@hookimpl
def autotl_transferabilities() -> Iterable[Transferability]:
    return [Nce()]
