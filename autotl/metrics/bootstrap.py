"""Metrics of many bootstrap samples at once, from how often each image is in them.

Samples are given by ``counts`` (samples, n), and what is found, (samples,), is what the metric gives on
images that are there so many times. Images are ranked and compared once for all samples.
"""

from __future__ import annotations

import numpy as np

from autotl.metrics.metric import Floats, Labels, Logits
from autotl.metrics.softmax import softmax


def balanced_accuracy(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    truly, right, _ = _tallied(labels, logits, counts)
    return _mean(right, truly)


def macro_f1(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    truly, right, said = _tallied(labels, logits, counts)
    return _mean(2 * right, truly + said)


def auroc(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    chances = softmax(logits.astype(np.float64), axis=1)
    areas, found = np.zeros(len(counts)), np.zeros(len(counts))
    for c in np.unique(labels):
        own = labels == c
        ours, theirs = counts[:, own], counts[:, ~own]
        order = np.argsort(chances[~own, c])
        ranked = chances[~own, c][order]
        below = np.concatenate([np.zeros((len(counts), 1)), theirs[:, order].cumsum(1)], axis=1)
        first, last = (np.searchsorted(ranked, chances[own, c], side=side) for side in ("left", "right"))
        beaten = (below[:, first] + below[:, last]) / 2  # (samples, own): a tie is half a win
        pairs = ours.sum(1) * below[:, -1]
        areas += np.divide((ours * beaten).sum(1), pairs, out=np.zeros(len(counts)), where=pairs > 0)
        found += pairs > 0
    mean: Floats = np.divide(areas, found, out=np.full(len(counts), 0.5), where=found > 0)
    return mean


def _tallied(labels: Labels, logits: Logits, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Of each class in each sample, (samples, classes): its images, those answered right, and its answers."""
    each = np.eye(max(logits.shape[1], labels.max() + 1))
    guesses = logits.argmax(1)
    truly, said = each[labels], each[guesses]
    return counts @ truly, counts @ (truly * said), counts @ said


def _mean(part: Floats, whole: Floats) -> Floats:
    """The mean of the shares over the classes that there are."""
    there = whole > 0
    shares: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=there)
    mean: Floats = shares.sum(1) / there.sum(1)
    return mean
