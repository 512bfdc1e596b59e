"""A metric: a score to maximise, and a number for reports.

A search maximises the score; reports show the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target, TargetKind

Labels = NDArray[Any]
"""Encoded targets: classes (n,), or labels or numbers (n, k)."""
Logits = NDArray[Any]
"""Outputs (n, k); of numbers, predictions in the user's units."""
Floats = NDArray[np.float64]
Score = Callable[[Labels, Logits], float]
Influence = Callable[[Labels, Logits], Floats]
BootstrapScore = Callable[[Labels, Logits, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Metric:
    """A way to score outputs (n, k) against encoded targets.

    Calling a metric returns the score that a search maximises: higher is always better.

    Attributes:
        name: The name in options and reports.
        function: Returns the number that reports show, of targets and outputs.
        higher_is_better: Whether larger numbers in reports are better.
        percent: Whether reports show the number as a percentage.
        bounds: The smallest and largest possible score.
        accuracy_like: Whether a difference of 1 equals a difference of 1 in accuracy.
        per_image: Returns one value per image, (n,), whose mean is the score; None if there is none.
        influence: Returns the score's first-order change by each image, (n,) (Hampel, The Influence Curve
            and Its Role in Robust Estimation, JASA, 1974); None if it is unknown.
        bootstrap: Returns scores (samples,) from how often each image is in each sample, (samples, n).
        calibrated_likelihood: A metric with about the same differences and smaller standard errors.
        reference: The ``"module:function"`` that imports a custom metric; None if it cannot be imported.
        custom: Whether it is a user's function.
        undefined_reason: Returns why no score of these targets has a meaning; "" if it has one.
        kinds: The kinds of targets that it can score.
        middle: Returns the best numbers (k,) that are the same for each image; None if they are the means.

    >>> metric = get_metric("log_loss")
    >>> metric.reported(metric(targets, outputs))
    """

    name: str
    function: Score
    higher_is_better: bool = True
    percent: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    accuracy_like: bool = False
    per_image: Influence | None = None
    influence: Influence | None = None
    bootstrap: BootstrapScore | None = None
    calibrated_likelihood: Metric | None = None
    reference: str | None = None
    custom: bool = False
    undefined_reason: Callable[[Labels], str] | None = None
    kinds: frozenset[TargetKind] = frozenset({"single_label"})
    middle: Callable[[Labels], Floats] | None = None

    def why_undefined(self, targets: Labels) -> str:
        """Return why the metric is undefined on targets, or ""."""
        return "" if self.undefined_reason is None else self.undefined_reason(targets)

    def __call__(self, targets: Labels, outputs: Logits) -> float:
        """Return the score to maximise. Raises MetricError if a user's function returns no finite number."""
        return self.reported(self.function(targets, outputs))

    def reported(self, score: float) -> float:
        """Convert a score to the reported number, or back.

        The number is the negative score if lower is better.
        """
        return score if self.higher_is_better else -score

    @property
    def resampled(self) -> bool:
        """Whether a standard error needs scores of resampled images."""
        return self.custom or (self.per_image is None and self.influence is None)

    @property
    def key(self) -> str | None:
        """The metric's name for later runs; None if they cannot import it."""
        return self.reference if self.custom else self.name

    def constant_score(self, targets: Labels, target: Target) -> float:
        """Return the score of the best outputs that ignore the images.

        Args:
            targets: Encoded targets, one row for each image.
            target: The kind of target.
        """
        if self.middle is None:
            return self(targets, target.constant(targets))
        same = target.outputs_of(self.middle(targets)[None])
        return self(targets, np.tile(same, (len(targets), 1)))

    def accuracy_scale(self, targets: Labels, target: Target) -> float:
        """Return the score difference equivalent to 1 in accuracy.

        It is 1 for metrics like accuracy. For others it is the score of perfect predictions minus the score
        of the best predictions that ignore the images.

        Args:
            targets: Encoded targets, one row for each image.
            target: The kind of target.
        """
        if self.accuracy_like:
            return 1.0
        try:
            gap = abs(self(targets, target.perfect(targets)) - self.constant_score(targets, target))
        except Exception:  # a user's function may fail on such predictions
            return 1.0
        return gap if 0 < gap < np.inf else 1.0
