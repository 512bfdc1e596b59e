"""What a metric is: a score to search by, and the number people read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
Floats = NDArray[np.float64]
Score = Callable[[Labels, Logits], float]
Influence = Callable[[Labels, Logits], Floats]
Counted = Callable[[Labels, Logits, Floats], Floats]

SURE = 20.0
"""The logit of an answer that is as good as certain."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A way to score logits (n, classes) against labels (n,).

    Called, it gives the score that is searched by: higher is always better. ``shown`` turns that into the
    number people know, which is the negated one where ``higher_is_better`` is false, and back. ``percent``:
    it is a share, told as a percentage. ``bounds`` hold every score. ``mean`` and ``influence`` give what
    each image adds, (n,): a mean over the images that is the score, or the score's first-order change
    (Hampel, The Influence Curve and Its Role in Robust Estimation, JASA, 1974), from which differences
    between two networks get their standard errors; without either they are resampled. ``counted`` gives the
    scores of samples from how often each image is in them, (samples, n). ``hits``: it is about right answers
    alone. ``finer`` is a metric whose differences are about the same and show on fewer images. ``reference``
    is the ``"module:function"`` by which it can be imported. ``undefined`` says why no score of labels means
    anything, "" if one does.

    >>> metric("log_loss").shown(metric("log_loss")(labels, logits))
    """

    name: str
    function: Score
    higher_is_better: bool = True
    percent: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    hits: bool = False
    mean: Influence | None = None
    influence: Influence | None = None
    counted: Counted | None = None
    finer: Metric | None = None
    reference: str | None = None
    own: bool = False
    undefined: Callable[[Labels], str] | None = None

    def undefined_on(self, labels: Labels) -> str:
        """Return why the metric is undefined on these labels (n,); "" if it is defined."""
        return "" if self.undefined is None else self.undefined(labels)

    def __call__(self, labels: Labels, logits: Logits) -> float:
        """The score to search by. Raises MetricError where a user's function gives no finite number."""
        return self.shown(self.function(labels, logits))

    def shown(self, score: float) -> float:
        """A score as people read it; a number as people read it as the score."""
        return score if self.higher_is_better else -score

    @property
    def key(self) -> str | None:
        """What it is known by to later runs; None for a function that cannot be found again."""
        return self.reference if self.own else self.name

    def unit(self, labels: Labels, classes: int) -> float:
        """What corresponds to a difference of 1 in accuracy.

        1 for metrics of right answers; for others how far a network that answers all of ``labels`` right
        is from one that knows no more than the share of each class.
        """
        if self.hits:
            return 1.0
        right = SURE * np.eye(classes, dtype=np.float32)[labels]
        try:
            gap = abs(self(labels, right) - self(labels, shares(labels, classes)))
        except Exception:  # a stranger's code: where it cannot score these, nothing is known of its unit
            return 1.0
        return gap if 0 < gap < np.inf else 1.0

    def chance(self, classes: int) -> tuple[float, float]:
        """The score of a network that guesses among so many equally large classes, and :meth:`unit` there."""
        labels = np.arange(classes, dtype=np.int64)
        guess = 1 / classes if self.hits else self(labels, shares(labels, classes))
        return guess, self.unit(labels, classes)


def shares(labels: Labels, classes: int) -> Logits:
    """Logits (n, classes) of a network that knows the share of each class, and nothing of the images."""
    counts = np.bincount(labels, minlength=classes)
    each = np.log(np.maximum(counts, 1e-6) / max(len(labels), 1))
    return np.tile(each.astype(np.float32), (len(labels), 1))
