"""Choose a temperature that calibrates the probabilities of classes or labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Temperature
from autotl.metrics import (
    fit_label_temperature,
    fit_temperature,
    label_negative_log_likelihood,
    negative_log_likelihood,
)

Targets = NDArray[Any]
Logits = NDArray[np.float32]
Floats = NDArray[np.float64]

MIN_IMAGES = 20
"""Fewest validation images to which a temperature is fitted."""


def calibrate(labels: Targets, logits: Logits, *, seed: int, independent: bool = True) -> Temperature:
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
    return _calibrate(labels, logits, seed, independent, fit_temperature, _decreases)


def calibrate_labels(targets: Targets, logits: Logits, *, seed: int, independent: bool = True) -> Temperature:
    """Fit a temperature that all labels share; see :func:`calibrate`.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Out-of-fold logits, (n, labels).
        seed: Divides the images into halves.
        independent: Whether the networks were trained on no near copy of these images.
    """
    return _calibrate(targets, logits, seed, independent, fit_label_temperature, _label_decreases)


def _calibrate(
    targets: Targets,
    logits: Logits,
    seed: int,
    independent: bool,
    fit: Callable[[Targets, Logits], float],
    decreases: Callable[[Targets, Logits, float], Floats],
) -> Temperature:
    """Fit a temperature by ``fit``, and test it by the ``decreases`` of the other half."""
    n = len(targets)
    if n < MIN_IMAGES:
        return Temperature(n=n, why=f"{n} validation images are too few to fit it")
    order = np.random.default_rng(seed).permutation(n)
    halves = order[: n // 2], order[n // 2 :]
    found = np.concatenate(
        [
            decreases(targets[held_out], logits[held_out], fit(targets[fitted], logits[fitted]))
            for fitted, held_out in (halves, halves[::-1])
        ]
    )
    gain, se = float(found.mean()), float(found.std(ddof=1) / math.sqrt(n))
    if gain <= se:
        why = "on images that it was not fitted to, it does not help by more than its standard error"
        return Temperature(gain=gain, se=se, n=n, why=why)
    value = fit(targets, logits)
    if value < 1 and not independent:
        why = (
            f"a temperature of {value:.2f} would raise the confidence, but validation images have near "
            "copies among the training images, or may have"
        )
        return Temperature(gain=gain, se=se, n=n, why=why)
    return Temperature(value, True, gain, se, n)


def _decreases(labels: Targets, logits: Logits, temperature: float) -> Floats:
    """Return the decrease of each image's negative log-likelihood by a temperature."""
    after = negative_log_likelihood(labels, logits, temperature=temperature)
    return negative_log_likelihood(labels, logits) - after


def _label_decreases(targets: Targets, logits: Logits, temperature: float) -> Floats:
    """Return :func:`_decreases` of labels."""
    after = label_negative_log_likelihood(targets, logits, temperature=temperature)
    return label_negative_log_likelihood(targets, logits) - after
