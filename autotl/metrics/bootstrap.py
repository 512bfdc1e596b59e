"""Score many bootstrap samples at once.

The scores follow from how often each image is in a sample. ``counts`` (samples, n) are the numbers of draws;
results are scores (samples,). Images are ranked and compared once for all samples.
"""

from __future__ import annotations

import numpy as np

from autotl.metrics.metric import Floats, Labels, Logits
from autotl.metrics.softmax import softmax


def balanced_accuracy(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the balanced accuracy of each sample.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        counts: How often each image is in each sample, (samples, n).
    """
    images, hits, _ = _class_counts(labels, logits, counts)
    return _class_mean(hits, images)


def macro_f1(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the macro F1 of each sample.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        counts: How often each image is in each sample, (samples, n).
    """
    images, hits, predicted = _class_counts(labels, logits, counts)
    return _class_mean(2 * hits, images + predicted)


def auroc(labels: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the mean one-versus-rest area under the ROC curve of each sample.

    Args:
        labels: Classes, (n,).
        logits: Logits, (n, classes).
        counts: How often each image is in each sample, (samples, n).
    """
    probabilities = softmax(logits.astype(np.float64), axis=1)
    areas, classes = np.zeros(len(counts)), np.zeros(len(counts))
    for c in np.unique(labels):
        own = labels == c
        positives, negatives = counts[:, own], counts[:, ~own]
        order = np.argsort(probabilities[~own, c])
        ranked = probabilities[~own, c][order]
        below = np.concatenate([np.zeros((len(counts), 1)), negatives[:, order].cumsum(1)], axis=1)
        first, last = (
            np.searchsorted(ranked, probabilities[own, c], side=side) for side in ("left", "right")
        )
        wins = (below[:, first] + below[:, last]) / 2  # (samples, positives): a tie is half a win
        pairs = positives.sum(1) * below[:, -1]
        areas += np.divide((positives * wins).sum(1), pairs, out=np.zeros(len(counts)), where=pairs > 0)
        classes += pairs > 0
    mean: Floats = np.divide(areas, classes, out=np.full(len(counts), 0.5), where=classes > 0)
    return mean


def _class_counts(labels: Labels, logits: Logits, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Return images, correct predictions and predictions of each class, (samples, classes) each."""
    one_hot = np.eye(max(logits.shape[1], labels.max() + 1))
    true, predicted = one_hot[labels], one_hot[logits.argmax(1)]
    return counts @ true, counts @ (true * predicted), counts @ predicted


def _class_mean(part: Floats, whole: Floats) -> Floats:
    """Return each sample's mean of part / whole over its classes."""
    present = whole > 0
    ratios: Floats = np.divide(part, whole, out=np.zeros_like(whole), where=present)
    mean: Floats = ratios.sum(1) / present.sum(1)
    return mean
