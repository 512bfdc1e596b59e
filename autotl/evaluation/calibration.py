"""Find the temperature at which a network's scores say how sure it may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import fit_temperature, negative_log_likelihood

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

LEAST = 20
"""Validation images below which no temperature is looked for."""


@dataclass(frozen=True, slots=True)
class Temperature:
    """What the logits are divided by; 1 where nothing was ``kept``, and then ``why`` says the reason.

    ``gain`` is how much the negative log-likelihood of validation images, in nats an image, fell on those
    halves of them that the temperature was not fitted on, and ``se`` its standard error; None where that was
    not measured. ``n`` is their number.
    """

    value: float = 1.0
    kept: bool = False
    gain: float | None = None
    se: float | None = None
    n: int = 0
    why: str = ""


def calibrate(labels: Labels, logits: Logits, *, seed: int, independent: bool = True) -> Temperature:
    """The temperature of out-of-fold logits (n, classes), kept only where validation says that it helps.

    One number for all classes: it changes how sure the network says it is, and no answer (Guo et al., On
    Calibration of Modern Neural Networks, ICML 2017). It is judged in cross-fitting, fitted on one half of
    the images and judged on the other, both ways round, and kept where the negative log-likelihood falls by
    more than its standard error; what is kept is fitted on all images.

    Args:
        labels: Classes of validation images, (n,).
        logits: What networks said of them that learned from other images, (n, classes).
        seed: Divides the images into halves.
        independent: Whether these networks learned from no near copy of the images that they are judged on.
            If they did, they look surer than they may be, and no temperature below 1 is kept.
    """
    n = len(labels)
    if n < LEAST:
        return Temperature(n=n, why=f"{n} validation images are too few to fit it on")
    order = np.random.default_rng(seed).permutation(n)
    halves = order[: n // 2], order[n // 2 :]
    fallen = []
    for own, other in (halves, halves[::-1]):
        found = fit_temperature(labels[own], logits[own])
        before = negative_log_likelihood(labels[other], logits[other])
        fallen.append(before - negative_log_likelihood(labels[other], logits[other], temperature=found))
    differences = np.concatenate(fallen)
    gain, se = float(differences.mean()), float(differences.std(ddof=1) / math.sqrt(n))
    if gain <= se:
        why = (
            "on validation images that it was not fitted on, it does not help by more than its standard error"
        )
        return Temperature(gain=gain, se=se, n=n, why=why)
    value = fit_temperature(labels, logits)
    if value < 1 and not independent:
        why = (
            f"a temperature of {value:.2f} would make it surer, and validation images have near copies among "
            "the images that it learned from, or that is not known"
        )
        return Temperature(gain=gain, se=se, n=n, why=why)
    return Temperature(value, True, gain, se, n)
