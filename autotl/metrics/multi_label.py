"""The built-in metrics of several labels.

Targets are 0 and 1 by label, (n, labels); outputs are logits. A label is predicted if its probability is
above one half.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetKind
from autotl.metrics.metric import Floats, Labels, Logits, Metric
from autotl.metrics.sigmoid import log_sigmoid

KINDS: frozenset[TargetKind] = frozenset({"multi_label"})


def _flags(targets: Labels, logits: Logits) -> tuple[Floats, Floats]:
    """Return true and predicted labels as 0.0 and 1.0, (n, labels)."""
    return (targets > 0.5).astype(np.float64), (logits > 0).astype(np.float64)


def _told(targets: Labels) -> NDArray[np.bool_]:
    """Return the labels that some images have and others have not, (labels,)."""
    share = (targets > 0.5).mean(0)
    told: NDArray[np.bool_] = (share > 0) & (share < 1)
    return told


def bootstrap_average_precision(targets: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the mean average precision of each sample.

    It is NaN if each label is on all images of the sample, or on none.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Logits, (n, labels).
        counts: How often each image is in each sample, (samples, n).
    """
    sums, labels = np.zeros(len(counts)), np.zeros(len(counts))
    total = counts.sum(1)
    for label in np.flatnonzero(_told(targets)):
        order = np.argsort(-logits[:, label], kind="stable")
        ranked, weights = logits[order, label], counts[:, order]
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)  # equal scores count together
        hits = (weights * (targets[order, label] > 0.5)).cumsum(1)[:, ends]
        found = weights.cumsum(1)[:, ends]
        precision = np.divide(hits, found, out=np.zeros_like(hits), where=found > 0)
        gained = np.diff(hits, axis=1, prepend=0.0)
        positives = hits[:, -1]
        told = (positives > 0) & (positives < total)
        area = np.divide((precision * gained).sum(1), positives, out=np.zeros(len(counts)), where=told)
        sums += area
        labels += told
    mean: Floats = np.divide(sums, labels, out=np.full(len(counts), np.nan), where=labels > 0)
    return mean


def _average_precision(targets: Labels, logits: Logits) -> float:
    return float(np.nan_to_num(bootstrap_average_precision(targets, logits, np.ones((1, len(targets)))))[0])


def _why_average_precision_is_undefined(targets: Labels) -> str:
    if _told(targets).any():
        return ""
    return "no label is there on some images and missing on others"


def bootstrap_macro_f1(targets: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the macro F1 of each sample.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Logits, (n, labels).
        counts: How often each image is in each sample, (samples, n).
    """
    true, predicted = _flags(targets, logits)
    whole = counts @ (true + predicted)
    present = whole > 0
    f1 = np.divide(2 * (counts @ (true * predicted)), whole, out=np.zeros_like(whole), where=present)
    mean: Floats = f1.sum(1) / np.maximum(present.sum(1), 1)
    return mean


def _macro_f1(targets: Labels, logits: Logits) -> float:
    return float(bootstrap_macro_f1(targets, logits, np.ones((1, len(targets))))[0])


def _influence_on_macro_f1(targets: Labels, logits: Logits) -> Floats:
    true, predicted = _flags(targets, logits)
    present = (true + predicted).any(0)
    true, predicted = true[:, present], predicted[:, present]
    if not present.any():
        return np.zeros(len(targets))
    whole = (true + predicted).mean(0)
    f1 = 2 * (true * predicted).mean(0) / whole
    influence: Floats = ((2 * true * predicted - f1 * (true + predicted)) / whole).mean(1)
    return influence


def bootstrap_micro_f1(targets: Labels, logits: Logits, counts: Floats) -> Floats:
    """Return the micro F1 of each sample.

    Args:
        targets: 0 and 1 by label, (n, labels).
        logits: Logits, (n, labels).
        counts: How often each image is in each sample, (samples, n).
    """
    true, predicted = _flags(targets, logits)
    whole = counts @ (true + predicted).sum(1)
    hits = counts @ (true * predicted).sum(1)
    f1: Floats = np.divide(2 * hits, whole, out=np.zeros(len(counts)), where=whole > 0)
    return f1


def _micro_f1(targets: Labels, logits: Logits) -> float:
    return float(bootstrap_micro_f1(targets, logits, np.ones((1, len(targets))))[0])


def _influence_on_micro_f1(targets: Labels, logits: Logits) -> Floats:
    true, predicted = _flags(targets, logits)
    hits, all_labels = (true * predicted).sum(1), (true + predicted).sum(1)
    whole = all_labels.mean()
    if whole == 0:
        return np.zeros(len(targets))
    influence: Floats = (2 * hits - 2 * hits.mean() / whole * all_labels) / whole
    return influence


def _why_f1_is_undefined(targets: Labels) -> str:
    return "" if (targets > 0.5).any() else "no image has any label"


def _subset_hits(targets: Labels, logits: Logits) -> Floats:
    hits: Floats = ((logits > 0) == (targets > 0.5)).all(1).astype(np.float64)
    return hits


def _subset_accuracy(targets: Labels, logits: Logits) -> float:
    return float(_subset_hits(targets, logits).mean())


def _negative_losses(targets: Labels, logits: Logits) -> Floats:
    signed = logits.astype(np.float64) * np.where(targets > 0.5, 1.0, -1.0)
    losses: Floats = log_sigmoid(signed).mean(1)
    return losses


def _log_loss(targets: Labels, logits: Logits) -> float:
    return -float(_negative_losses(targets, logits).mean())


MULTI_LABEL_METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric(
            "mean_average_precision",
            _average_precision,
            bootstrap=bootstrap_average_precision,
            undefined_reason=_why_average_precision_is_undefined,
            kinds=KINDS,
        ),
        Metric(
            "macro_f1",
            _macro_f1,
            accuracy_like=True,
            influence=_influence_on_macro_f1,
            bootstrap=bootstrap_macro_f1,
            undefined_reason=_why_f1_is_undefined,
            kinds=KINDS,
        ),
        Metric(
            "micro_f1",
            _micro_f1,
            accuracy_like=True,
            influence=_influence_on_micro_f1,
            bootstrap=bootstrap_micro_f1,
            undefined_reason=_why_f1_is_undefined,
            kinds=KINDS,
        ),
        Metric("subset_accuracy", _subset_accuracy, accuracy_like=True, per_image=_subset_hits, kinds=KINDS),
        Metric(
            "log_loss",
            _log_loss,
            higher_is_better=False,
            percent=False,
            bounds=(-np.inf, 0.0),
            per_image=_negative_losses,
            kinds=KINDS,
        ),
    )
}
"""The built-in metrics of several labels by name.

``mean_average_precision`` is the mean over the labels that some of the images have and others have not.
``macro_f1`` leaves out labels that no image has and that are not predicted. ``log_loss`` is the mean over
images and labels.
"""
