"""Define the part of a report about whether transfer pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from autotl.report.document.contributions import Kind
from autotl.report.document.forecast import ForecastRow

Number = int | float
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layer:
    """Similarity of a layer's inputs; ``depth`` is in [0, 1]."""

    layer: str | None = None
    depth: float | None = None
    calibrated: float | None = None


@dataclass(frozen=True, slots=True)
class Similarity:
    """Distance between the data and a source.

    Attributes:
        value: Distance in the unit of the measure; larger is farther.
        calibrated: Distance on a scale from 0 (noise) to 1 (the source data).
        ci95: Interval of ``calibrated``.
        reference: Kind of source statistics.
        p: P-value of a two-sample test.
        layers: Similarity of each layer's inputs, in forward order.
    """

    value: float | None = None
    calibrated: float | None = None
    ci95: Interval | None = None
    reference: str | None = None
    p: float | None = None
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class TransferabilityScore:
    """Score of one backbone.

    ``behind`` is the difference to the best backbone and its interval.
    """

    value: float | None = None
    ci95: Interval | None = None
    behind: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Ranking of the backbones by the score ``by``, best first."""

    by: str | None = None
    order: tuple[str, ...] = ()
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class ClassOverlap:
    """Classes that the pretrained classifier has by name: ``known`` of ``of``."""

    known: int | None = None
    of: int | None = None
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceCopies:
    """Training images that look like copies of source images."""

    images: int | None = None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Validation accuracy after training on ``n`` images, with its standard error."""

    n: int | None = None
    score: float | None = None
    se: float | None = None


@dataclass(frozen=True, slots=True)
class GainForecast:
    """Forecast of the validation accuracy with more images.

    Attributes:
        more: Additional images.
        gain: Gain in accuracy.
        ci95: Its interval.
        score: Accuracy with them.
        score_ci95: Its interval.
    """

    more: int | None = None
    gain: float | None = None
    ci95: Interval | None = None
    score: float | None = None
    score_ci95: Interval | None = None


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Learning curve of the linear probe, with its forecast as a sentence.

    ``now`` is the present number of training images.
    """

    now: int | None = None
    points: tuple[CurvePoint, ...] = ()
    forecast: tuple[GainForecast, ...] = ()
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Crossover:
    """Data set size at which training from scratch matches transfer."""

    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Experience:
    """Prediction of past runs.

    ``agreed`` is None if the predicted strategy was not tried.
    """

    evidence: str | None = None
    predicted: str | None = None
    probability: float | None = None
    agreed: bool | None = None


@dataclass(frozen=True, slots=True)
class RuleOfThumb:
    """Strategy that size and similarity suggest before any training."""

    advice: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class TransferGain:
    """Test score with transfer minus test score of the best baseline.

    Attributes:
        value: Difference; above zero is better for transfer.
        ci95: Its interval.
        baseline: Compared trial, such as "scratch_small trial 3".
        metric: Name of the metric.
        n: Test images.
        p: P-value of the paired test.
        trainings: Networks with and without transfer.
    """

    value: float | None = None
    ci95: Interval | None = None
    baseline: str | None = None
    metric: str | None = None
    n: int | None = None
    p: float | None = None
    trainings: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class NegativeTransferClass:
    """Class on which transfer scores lower.

    Reports of the first version have ``value`` without ``gain``.
    """

    name: Annotated[str | None, Field(validation_alias="class")] = None
    gain: float | None = None
    value: float | None = None
    ci95: Interval | None = None

    @property
    def difference(self) -> float | None:
        """The gain of transfer on this class."""
        return self.value if self.gain is None else self.gain


@dataclass(frozen=True, slots=True)
class ClassGain:
    """Gain of transfer on a class, label or range of numbers.

    ``significant`` is whether it differs from zero, corrected for the number of classes.
    """

    name: Annotated[str | None, Field(validation_alias="class")] = None
    gain: float | None = None
    ci95: Interval | None = None
    significant: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """Evidence on whether transfer pays.

    Attributes:
        n_train: Training images.
        n_test: Test images.
        n_classes: Classes.
        min_per_class: Training images of the smallest class.
        image_side: Median of the shorter side, in pixels.
        n_train_by_network: Training images of networks that use more than ``n_train``.
        similarity: Distances by backbone and measure.
        label_overlap: Known classes by backbone.
        source_copies: Near copies of source images.
        transferability: Scores by backbone and score.
        choice: Ranking of the backbones.
        learning_curve: Learning curve of the linear probe.
        catch_up: Scratch crossover.
        experience: Prediction of past runs.
        rule_of_thumb: Suggested strategy.
        rule_agreed: Whether the result agrees with the rule; None if it was not tried.
        transfer_gain: Measured gain.
        negative_transfer_classes: Classes on which transfer scores lower.
        class_gains: Gain on each class; empty if it was not measured.
        kinds: Kinds of transfer that the given images allow.
        forecasts: Forecasts of the arms in a profile; a report has them in ``search``.
        expected: The forecasts of some arms as sentences, in a profile.
    """

    n_train: int | None = None
    n_test: int | None = None
    n_classes: int | None = None
    min_per_class: int | None = None
    image_side: Number | None = None
    n_train_by_network: Mapping[str, int] = field(default_factory=dict)
    similarity: Mapping[str, Mapping[str, Similarity]] = field(default_factory=dict)
    label_overlap: Mapping[str, ClassOverlap] = field(default_factory=dict)
    source_copies: SourceCopies = SourceCopies()
    transferability: Mapping[str, Mapping[str, TransferabilityScore]] = field(default_factory=dict)
    choice: Choice = Choice()
    learning_curve: LearningCurve | None = None
    catch_up: Crossover = Crossover()
    experience: Experience = Experience()
    rule_of_thumb: RuleOfThumb = RuleOfThumb()
    rule_agreed: bool | None = None
    transfer_gain: TransferGain | None = None
    negative_transfer_classes: tuple[NegativeTransferClass, ...] = ()
    class_gains: tuple[ClassGain, ...] = ()
    kinds: tuple[Kind, ...] = ()
    forecasts: tuple[ForecastRow, ...] = ()
    expected: str | None = None
