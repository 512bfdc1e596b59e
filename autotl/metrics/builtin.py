"""The metrics that have a name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autotl.metrics import bootstrap
from autotl.metrics.calibrated_likelihood import BALANCED_CHANCES, CHANCES
from autotl.metrics.metric import Floats, Labels, Logits, Metric
from autotl.metrics.softmax import log_softmax, softmax


def _hits(labels: Labels, logits: Logits) -> Floats:
    hits: Floats = (logits.argmax(1) == labels).astype(np.float64)
    return hits


def _accuracy(labels: Labels, logits: Logits) -> float:
    return float((logits.argmax(1) == labels).mean())


def _balanced_accuracy(labels: Labels, logits: Logits) -> float:
    guesses = logits.argmax(1)
    # By hand: scikit-learn warns about guesses outside the classes present, which a small fold always has.
    return float(np.mean([(guesses[labels == c] == c).mean() for c in np.unique(labels)]))


def _of_balanced_accuracy(labels: Labels, logits: Logits) -> Floats:
    hits = _hits(labels, logits)
    found = np.zeros(len(labels))
    present = np.unique(labels)
    for c in present:
        own = labels == c
        found[own] = (hits[own] - hits[own].mean()) * len(labels) / (own.sum() * len(present))
    return found


def _macro_f1(labels: Labels, logits: Logits) -> float:
    from sklearn.metrics import f1_score  # takes about as long to import as torch

    return float(f1_score(labels, logits.argmax(1), average="macro", zero_division=0.0))


def _of_macro_f1(labels: Labels, logits: Logits) -> Floats:
    guesses = logits.argmax(1)
    found = np.zeros(len(labels))
    present = np.union1d(labels, guesses)
    for c in present:
        truly, said = (labels == c).astype(np.float64), (guesses == c).astype(np.float64)
        whole = (truly + said).mean()  # F1 = 2 · right / (true + answered)
        f1 = 2 * (truly * said).mean() / whole
        found += (2 * truly * said - f1 * (truly + said)) / whole / len(present)
    return found


def _losses(labels: Labels, logits: Logits) -> Floats:
    chances: Floats = log_softmax(logits.astype(np.float64), axis=1)
    return -chances[np.arange(len(labels)), labels]


def _log_loss(labels: Labels, logits: Logits) -> float:
    return float(_losses(labels, logits).mean())


def _gains(labels: Labels, logits: Logits) -> Floats:
    return -_losses(labels, logits)


def _placed(labels: Labels, logits: Logits) -> list[tuple[NDArray[np.bool_], Floats, Floats]]:
    """For each class that some images are of and some are not: which are, where each of them stands among
    the others by its probability of the class, and each of the others among them, as shares in [0, 1].
    """
    from scipy.stats import rankdata  # takes half as long to import as torch

    chances = softmax(logits.astype(np.float64), axis=1)
    found = []
    for c in np.unique(labels):
        own = labels == c
        if own.all():
            continue
        place = rankdata(chances[:, c])
        ours, theirs = place[own] - rankdata(chances[own, c]), place[~own] - rankdata(chances[~own, c])
        found.append((own, ours / (~own).sum(), 1 - theirs / own.sum()))
    return found


def _auroc(labels: Labels, logits: Logits) -> float:
    found = [float(ours.mean()) for _, ours, _ in _placed(labels, logits)]
    return float(np.mean(found)) if found else 0.5


def _one_class(labels: Labels) -> str:
    if len(np.unique(labels)) > 1:
        return ""
    return "all images are of one class, and it compares images of two classes or more"


def _of_auroc(labels: Labels, logits: Logits) -> Floats:
    """DeLong et al., Comparing the Areas under Two or More Correlated ROC Curves, Biometrics, 1988."""
    found, placed = np.zeros(len(labels)), _placed(labels, logits)
    for own, ours, theirs in placed:
        area = ours.mean()
        found[own] += (ours - area) * len(labels) / own.sum() / len(placed)
        found[~own] += (theirs - area) * len(labels) / (~own).sum() / len(placed)
    return found


METRICS: dict[str, Metric] = {
    each.name: each
    for each in (
        Metric("accuracy", _accuracy, hits=True, mean=_hits, finer=CHANCES),
        Metric(
            "balanced_accuracy",
            _balanced_accuracy,
            hits=True,
            influence=_of_balanced_accuracy,
            counted=bootstrap.balanced_accuracy,
            finer=BALANCED_CHANCES,
        ),
        Metric("macro_f1", _macro_f1, hits=True, influence=_of_macro_f1, counted=bootstrap.macro_f1),
        Metric(
            "log_loss",
            _log_loss,
            higher_is_better=False,
            percent=False,
            bounds=(-np.inf, 0.0),
            mean=_gains,
        ),
        Metric(
            "auroc",
            _auroc,
            percent=False,
            influence=_of_auroc,
            counted=bootstrap.auroc,
            undefined=_one_class,
        ),
    )
}
"""Those with a name. ``auroc`` is the mean over the classes of each against the rest, which for two classes
is the one area there is; classes that no image is of are left out. If only one class is left, the search
counts 0.5 and a report says that it is undefined.
"""
