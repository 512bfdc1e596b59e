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
        confusion: Counts by true class and predicted class.
        always_majority: Score of predicting the class frequencies.
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
    confusion: tuple[tuple[int, ...], ...] = ()
    always_majority: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    higher_is_better: bool = True
    percent: bool = True
    undefined: Mapping[str, str] = field(default_factory=dict)
