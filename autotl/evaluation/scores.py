"""Score a model on the test images, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import PredictionIntervals, Target
from autotl.errors import MetricError
from autotl.evaluation.details.calibration_bins import calibration_error
from autotl.evaluation.details.multi_label import MultiLabelScores, multi_label_scores
from autotl.evaluation.details.regression import RegressionScores, regression_scores
from autotl.evaluation.details.single_label import ClassScore, SingleLabelScores, single_label_scores
from autotl.evaluation.intervals import Interval, mean_proportion_interval, proportion_interval
from autotl.evaluation.resampling import bootstrap_interval, bootstrap_scores
from autotl.metrics import METRICS_OF, Metric, get_metric

Targets = NDArray[Any]
Outputs = NDArray[np.float32]
Details = SingleLabelScores | MultiLabelScores | RegressionScores

PROPORTIONS = frozenset({"accuracy", "subset_accuracy"})
"""Metrics that are the fraction of images with a correct prediction."""

NO_DETAILS: Mapping[str, Any] = {
    "per_class": (),
    "per_label": (),
    "per_column": (),
    "calibration_error": None,
    "confusion": (),
    "labels_per_image": None,
    "expected_coverage": None,
}
"""The scores that a kind of target may lack."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's scores on labelled images, as reports show them.

    The interval of an accuracy is Clopper and Pearson's; the interval of balanced accuracy combines those of
    the classes. Other metrics use a bootstrap, smoothed if nearly all predictions are right or wrong.

    Attributes:
        metric: The name of the metric.
        value: The score, as reports show it.
        ci95: Its 95 % interval over the images.
        n: Images.
        details: The scores of each class, label or number.
        always_majority: The score of the best prediction that is the same for each image; None if the metric
            cannot score that.
        metrics: The scores by all built-in metrics; None if undefined on these labels.
        higher_is_better: Whether a larger ``value`` is better.
        percent: Whether reports show ``value`` as a percentage.
        undefined: Why metrics are undefined, by their names.
    """

    metric: str
    value: float
    ci95: tuple[float, float]
    n: int
    details: Details
    always_majority: float | None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    higher_is_better: bool = True
    percent: bool = True
    undefined: Mapping[str, str] = field(default_factory=dict)

    @property
    def per_class(self) -> tuple[ClassScore, ...]:
        """The scores of each class; empty for other kinds of targets."""
        return self.details.per_class if isinstance(self.details, SingleLabelScores) else ()

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """Images by true and predicted class; empty for other kinds of targets."""
        return self.details.confusion if isinstance(self.details, SingleLabelScores) else ()

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error, in [0, 1]; None for numbers."""
        return None if isinstance(self.details, RegressionScores) else self.details.calibration_error

    def document(self) -> dict[str, Any]:
        """Return plain data, with ``details`` among the other keys."""
        found = asdict(self)
        details = found.pop("details")
        return {**found, **NO_DETAILS, **details}


def evaluate(
    targets: Targets,
    outputs: Outputs,
    target: Target,
    *,
    metric: str | Metric,
    seed: int,
    intervals: PredictionIntervals | None = None,
) -> Evaluation:
    """Score predictions of labelled images.

    Args:
        targets: Encoded targets, (n,) or (n, k).
        outputs: Outputs, (n, k).
        target: The kind of target.
        metric: The metric or its name.
        seed: Draws the bootstrap samples.
        intervals: The prediction intervals of numbers; None if the model has none.

    Raises:
        MetricError: The metric is undefined on these labels.
    """
    metric = get_metric(metric, target.spec)
    if why := metric.why_undefined(targets):
        raise MetricError(
            f"{metric.name} is undefined here: {why}. Add images of others, or choose another metric."
        )
    score = metric(targets, outputs)
    ends = _interval(metric, score, targets, outputs, target, seed=seed)
    low, high = sorted(map(metric.reported, ends))
    metrics = {name: get_metric(each, target.spec) for name, each in METRICS_OF[target.spec.kind].items()}
    undefined = {name: why for name, each in metrics.items() if (why := each.why_undefined(targets))}
    return Evaluation(
        metric=metric.name,
        value=metric.reported(score),
        ci95=(low, high),
        n=len(targets),
        details=_details(targets, outputs, target, intervals),
        always_majority=_constant_score(metric, targets, target),
        metrics={
            name: None if name in undefined else each.reported(each(targets, outputs))
            for name, each in metrics.items()
        },
        higher_is_better=metric.higher_is_better,
        percent=metric.percent,
        undefined=undefined,
    )


def _details(
    targets: Targets, outputs: Outputs, target: Target, intervals: PredictionIntervals | None
) -> Details:
    names, predicted = target.spec.names, target.predict(outputs)
    if target.spec.kind == "multi_label":
        return multi_label_scores(targets, predicted, names)
    if target.spec.kind == "regression":
        return regression_scores(targets, predicted, names, intervals)
    error = calibration_error(targets, outputs, target)
    return single_label_scores(targets, outputs.argmax(1), names, calibration_error=error)


def _interval(
    metric: Metric, score: float, targets: Targets, outputs: Outputs, target: Target, *, seed: int
) -> Interval:
    """Return the 95 % interval of the score that a search maximises."""
    if metric.name in PROPORTIONS:
        right = target.correct(outputs, targets)
        return proportion_interval(int(right.sum()), len(targets))
    if metric.name == "balanced_accuracy":
        return mean_proportion_interval(target.correct(outputs, targets), targets)
    samples = bootstrap_scores(metric, targets, [outputs], seed=seed, target=target)[0]
    return bootstrap_interval(samples, score, metric.bounds, images=_student_images(target, targets))


def _student_images(target: Target, targets: Targets) -> int | None:
    """Return the images whose number widens the interval of numbers; their samples are not smoothed."""
    return len(targets) if target.spec.kind == "regression" else None


def _constant_score(metric: Metric, targets: Targets, target: Target) -> float | None:
    try:
        found = metric.reported(metric.constant_score(targets, target))
    except Exception:  # a user's function may fail on equal predictions
        return None
    return found if np.isfinite(found) else None
