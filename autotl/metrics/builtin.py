"""The built-in metrics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import bootstrap
from autotl.metrics.calibrated_likelihood import BALANCED_CALIBRATED_LIKELIHOOD, CALIBRATED_LIKELIHOOD
from autotl.metrics.metric import Floats, Labels, Logits, Metric
from autotl.metrics.softmax import log_softmax, softmax


def correct(labels: Labels, logits: Logits) -> NDArray[np.bool_]:
    """Return whether the class with the largest logit is the label, (n,)."""
    found: NDArray[np.bool_] = logits.argmax(1) == labels
    return found


def _hits(labels: Labels, logits: Logits) -> Floats:
    return correct(labels, logits).astype(np.float64)


def _accuracy(labels: Labels, logits: Logits) -> float:
    return float(correct(labels, logits).mean())


def _balanced_accuracy(labels: Labels, logits: Logits) -> float:
    predicted = logits.argmax(1)
    # scikit-learn warns about predicted classes without images, which small folds always have
    return float(np.mean([(predicted[labels == c] == c).mean() for c in np.unique(labels)]))


def _influence_on_balanced_accuracy(labels: Labels, logits: Logits) -> Floats:
    hits = _hits(labels, logits)
    influence = np.zeros(len(labels))
    present = np.unique(labels)
    for c in present:
        own = labels == c
        influence[own] = (hits[own] - hits[own].mean()) * len(labels) / (own.sum() * len(present))
    return influence


def _macro_f1(labels: Labels, logits: Logits) -> float:
    from sklearn.metrics import f1_score  # takes about as long to import as torch

    return float(f1_score(labels, logits.argmax(1), average="macro", zero_division=0.0))


def _influence_on_macro_f1(labels: Labels, logits: Logits) -> Floats:
    guesses = logits.argmax(1)
    influence = np.zeros(len(labels))
    present = np.union1d(labels, guesses)
    for c in present:
        true, predicted = (labels == c).astype(np.float64), (guesses == c).astype(np.float64)
        whole = (true + predicted).mean()  # F1 = 2 · correct / (true + predicted)
        f1 = 2 * (true * predicted).mean() / whole
        influence += (2 * true * predicted - f1 * (true + predicted)) / whole / len(present)
    return influence


def _losses(labels: Labels, logits: Logits) -> Floats:
    log_probabilities: Floats = log_softmax(logits.astype(np.float64), axis=1)
    return -log_probabilities[np.arange(len(labels)), labels]


def _log_loss(labels: Labels, logits: Logits) -> float:
    return float(_losses(labels, logits).mean())


def _negative_losses(labels: Labels, logits: Logits) -> Floats:
    return -_losses(labels, logits)


def _placements(labels: Labels, logits: Logits) -> list[tuple[NDArray[np.bool_], Floats, Floats]]:
    """Return positives and placements among the other images, by class.

    Classes that all images belong to are left out.
    """
    from scipy.stats import rankdata  # takes half as long to import as torch

    probabilities = softmax(logits.astype(np.float64), axis=1)
    found = []
    for c in np.unique(labels):
        own = labels == c
        if own.all():
            continue
        rank = rankdata(probabilities[:, c])
        below = rank[own] - rankdata(probabilities[own, c])
        above = rank[~own] - rankdata(probabilities[~own, c])
        found.append((own, below / (~own).sum(), 1 - above / own.sum()))
    return found


def _auroc(labels: Labels, logits: Logits) -> float:
    areas = [float(positives.mean()) for _, positives, _ in _placements(labels, logits)]
    return float(np.mean(areas)) if areas else 0.5


def _why_auroc_is_undefined(labels: Labels) -> str:
    if len(np.unique(labels)) > 1:
        return ""
    return "all images are of one class, and it compares images of two classes or more"


def _influence_on_auroc(labels: Labels, logits: Logits) -> Floats:
    """Return each image's influence on the area.

    DeLong et al., Comparing the Areas under Two or More Correlated ROC Curves, Biometrics, 1988.
    """
    influence, placements = np.zeros(len(labels)), _placements(labels, logits)
    for own, positives, negatives in placements:
        area = positives.mean()
        influence[own] += (positives - area) * len(labels) / own.sum() / len(placements)
        influence[~own] += (negatives - area) * len(labels) / (~own).sum() / len(placements)
    return influence


METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric(
            "accuracy",
            _accuracy,
            accuracy_like=True,
            per_image=_hits,
            calibrated_likelihood=CALIBRATED_LIKELIHOOD,
        ),
        Metric(
            "balanced_accuracy",
            _balanced_accuracy,
            accuracy_like=True,
            influence=_influence_on_balanced_accuracy,
            bootstrap=bootstrap.balanced_accuracy,
            calibrated_likelihood=BALANCED_CALIBRATED_LIKELIHOOD,
        ),
        Metric(
            "macro_f1",
            _macro_f1,
            accuracy_like=True,
            influence=_influence_on_macro_f1,
            bootstrap=bootstrap.macro_f1,
        ),
        Metric(
            "log_loss",
            _log_loss,
            higher_is_better=False,
            percent=False,
            bounds=(-np.inf, 0.0),
            per_image=_negative_losses,
        ),
        Metric(
            "auroc",
            _auroc,
            percent=False,
            influence=_influence_on_auroc,
            bootstrap=bootstrap.auroc,
            undefined_reason=_why_auroc_is_undefined,
        ),
    )
}
"""The built-in metrics by name.

``auroc`` is the mean one-versus-rest area over the classes; for two classes, the usual area. Classes without
images are left out. If a single class is left, the search uses 0.5 and reports call it undefined.
"""
