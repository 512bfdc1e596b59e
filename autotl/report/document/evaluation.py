"""Define the part of a report about the test set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Scores of one class on the test set.

    Attributes:
        name: The class.
        n: Its test images.
        recall: Share of them with a correct prediction.
        precision: Share of its predictions that are correct.
        f1: Harmonic mean of both.
        recall_ci95: Interval of ``recall``.
    """

    name: Annotated[str | None, Field(validation_alias="class")] = None
    n: int | None = None
    recall: float | None = None
    precision: float | None = None
    f1: float | None = None
    recall_ci95: Interval | None = None


@dataclass(frozen=True, slots=True)
class LabelScore:
    """Test scores of a label, at a probability of 0.5.

    Attributes:
        name: The label.
        n: Test images with it.
        average_precision: Area under precision by recall.
        precision: Share of its predictions that are correct.
        recall: Share of its images that are predicted.
        f1: Harmonic mean of both.
        precision_ci95: Interval of ``precision``.
        recall_ci95: Interval of ``recall``.
    """

    name: Annotated[str | None, Field(validation_alias="label")] = None
    n: int | None = None
    average_precision: float | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    precision_ci95: Interval | None = None
    recall_ci95: Interval | None = None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between ``edges``, which has one number more."""

    edges: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnScore:
    """Scores of one predicted number on the test set, in its unit.

    Attributes:
        name: The number.
        mae: Mean absolute error.
        mae_ci95: Interval of ``mae``.
        rmse: Root of the mean squared error.
        r2: Explained share of the variance.
        spearman: Rank correlation.
        bias: Mean of the prediction minus the true number.
        bias_ci95: Interval of ``bias``.
        residual_quantiles: Quantiles of the true number minus its prediction, rising.
        residuals: Histogram of the same.
        coverage: Share of true numbers inside the prediction intervals.
        coverage_ci95: Interval of ``coverage``.
        width: Width of the prediction intervals.
        points: True and predicted number of some images.
    """

    name: Annotated[str | None, Field(validation_alias="column")] = None
    mae: float | None = None
    mae_ci95: Interval | None = None
    rmse: float | None = None
    r2: float | None = None
    spearman: float | None = None
    bias: float | None = None
    bias_ci95: Interval | None = None
    residual_quantiles: tuple[float, ...] = ()
    residuals: Histogram = Histogram()
    coverage: float | None = None
    coverage_ci95: Interval | None = None
    width: float | None = None
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Predictions with similar probabilities: their mean, and the share that is right."""

    stated: float = 0.0
    observed: float = 0.0
    n: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of the final model on the test set.

    Attributes:
        metric: Name of the metric.
        value: Score.
        ci95: Interval of the score.
        n: Test images.
        per_class: Scores of each class.
        calibration_error: Expected calibration error, in [0, 1].
        calibration_error_before: Error before temperature scaling.
        reliability: Probabilities and frequencies by bin; empty for numbers.
        reliability_before: The same before temperature scaling.
        confusion: Counts by true class and predicted class.
        per_label: Scores of each of several labels.
        labels_per_image: Mean number of true labels of an image, and of predicted ones.
        per_column: Scores of each predicted number.
        expected_coverage: Share of true numbers that prediction intervals are made to hold.
        always_majority: Score of a prediction that is the same for each image.
        metrics: Scores by all metrics.
        higher_is_better: Whether higher scores are better.
        percent: Whether the metric is a share.
        undefined: Reasons for which metrics are undefined.
    """

    metric: str | None = None
    value: float | None = None
    ci95: Interval | None = None
    n: int | None = None
    per_class: tuple[ClassScore, ...] = ()
    calibration_error: float | None = None
    calibration_error_before: float | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    reliability_before: tuple[ReliabilityBin, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    per_label: tuple[LabelScore, ...] = ()
    labels_per_image: tuple[float, float] | None = None
    per_column: tuple[ColumnScore, ...] = ()
    expected_coverage: float | None = None
    always_majority: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    higher_is_better: bool = True
    percent: bool = True
    undefined: Mapping[str, str] = field(default_factory=dict)
