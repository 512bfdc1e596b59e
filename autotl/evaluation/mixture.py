"""Let several networks answer together: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import log_softmax

Logits = NDArray[np.float32]


def mixture(several: Sequence[Logits], shares: Sequence[float]) -> Logits:
    """The logarithm of the weighted mean of the networks' probabilities, (n, classes), from the logits of
    each.

    Softmax of it is that mean, so it serves wherever one network's logits do. The shares add up to 1.
    """
    from scipy.special import logsumexp  # slow to import, and only ensembles need it

    each = np.stack([log_softmax(logits.astype(np.float64), axis=1) for logits in several])
    found: Logits = logsumexp(each, axis=0, b=np.reshape(shares, (-1, 1, 1))).astype(np.float32)
    return found
