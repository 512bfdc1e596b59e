"""Choose a temperature that calibrates the probabilities of classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from autotl.api import Temperature
from autotl.metrics import fit_temperature, negative_log_likelihood

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]

MIN_IMAGES = 20
"""Fewest validation images to which a temperature is fitted."""


def calibrate(labels: Labels, logits: Logits, *, seed: int, independent: bool = True) -> Temperature:
    """Fit a temperature to out-of-fold logits, and test whether it helps.

    The temperature changes the probabilities but no prediction (Guo et al., On Calibration of Modern Neural
    Networks, ICML 2017). It is cross-fitted: fitted to one half of the images and evaluated on the other,
    both ways round. It is kept if the negative log-likelihood falls by more than its standard error. A kept
    temperature is fitted to all images.

    Args:
        labels: Classes of the validation images, (n,).
        logits: Out-of-fold logits, (n, classes).
        seed: Divides the images into halves.
        independent: Whether the networks were trained on no near copy of these images. If not, they look
            more certain than they are, and no temperature below 1 is kept.
    """
    n = len(labels)
    if n < MIN_IMAGES:
        return Temperature(n=n, why=f"{n} validation images are too few to fit it")
    decreases = _cross_fitted_decreases(labels, logits, seed)
    gain, se = float(decreases.mean()), float(decreases.std(ddof=1) / math.sqrt(n))
    if gain <= se:
        why = "on images that it was not fitted to, it does not help by more than its standard error"
        return Temperature(gain=gain, se=se, n=n, why=why)
    value = fit_temperature(labels, logits)
    if value < 1 and not independent:
        why = (
            f"a temperature of {value:.2f} would raise the confidence, but validation images have near "
            "copies among the training images, or may have"
        )
        return Temperature(gain=gain, se=se, n=n, why=why)
    return Temperature(value, True, gain, se, n)


def _cross_fitted_decreases(labels: Labels, logits: Logits, seed: int) -> NDArray[np.float64]:
    """Return decreases of the negative log-likelihood by the other half's temperature."""
    order = np.random.default_rng(seed).permutation(len(labels))
    halves = order[: len(labels) // 2], order[len(labels) // 2 :]
    decreases = []
    for fitted, held_out in (halves, halves[::-1]):
        temperature = fit_temperature(labels[fitted], logits[fitted])
        before = negative_log_likelihood(labels[held_out], logits[held_out])
        after = negative_log_likelihood(labels[held_out], logits[held_out], temperature=temperature)
        decreases.append(before - after)
    return np.concatenate(decreases)
