"""Define the part of a report about the place of use."""

from __future__ import annotations

from dataclasses import dataclass, field

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class DomainDifference:
    """How well a classifier tells images of both places apart.

    Attributes:
        auc: Its cross-validated area under the curve; 0.5 if the images do not differ.
        p: The p-value of ``auc``.
        n_train: Training images that were compared.
        n_place: Images of the place of use that were compared.
    """

    auc: float | None = None
    p: float | None = None
    n_train: int | None = None
    n_place: int | None = None


@dataclass(frozen=True, slots=True)
class GuardScores:
    """Scores that need no label of the place of use.

    Attributes:
        source_validation: Validation score on the first fold.
        mean_entropy: Mean entropy of the predictions.
        mutual_information: Mutual information of image and predicted class.
        neighbourhood_density: Soft neighbourhood density.
        importance_weighted: Validation accuracy, weighted towards the place of use.
        class_distance: Distance of the predicted class shares from the training images'.
    """

    source_validation: float | None = None
    mean_entropy: float | None = None
    mutual_information: float | None = None
    neighbourhood_density: float | None = None
    importance_weighted: float | None = None
    class_distance: float | None = None


@dataclass(frozen=True, slots=True)
class TrueScore:
    """Score on labelled images that were not used for the decision."""

    value: float | None = None
    ci95: Interval | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreGain:
    """Gain over the unadapted model on labelled images."""

    value: float | None = None
    ci95: Interval | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class ComparedModel:
    """A model that was compared, as trained on the first fold.

    Attributes:
        strategy: Its strategy.
        backbone: Its network.
        scores: Its scores without labels.
        slice: Its score on the labelled slice.
        slice_gain: Its gain over the unadapted model there.
        truth: Its true score.
    """

    strategy: str | None = None
    backbone: str | None = None
    scores: GuardScores = field(default_factory=GuardScores)
    slice: float | None = None
    slice_gain: ScoreGain | None = None
    truth: TrueScore | None = None


@dataclass(frozen=True, slots=True)
class Untried:
    """A strategy without a model, and the reason."""

    strategy: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Decision on adapting to the place of use.

    Attributes:
        images: Given images.
        used: Images that were adapted to.
        left_out: Copies of labelled images.
        domain_difference: Difference from the training images.
        unadapted: The model that the search chose.
        candidates: The adapted models.
        untried: Strategies without a model.
        slice_images: Labelled images that the decision used.
        chosen: Strategy that adapts the delivered model; None if it is not adapted.
        reason: Reason for the decision.
        sentence: Decision and true score as text.
        truth: True score of the delivered model.
        truth_gain: Gain of adapting, both networks of the first fold.
    """

    images: int | None = None
    used: int | None = None
    left_out: int | None = None
    domain_difference: DomainDifference | None = None
    unadapted: ComparedModel | None = None
    candidates: tuple[ComparedModel, ...] = ()
    untried: tuple[Untried, ...] = ()
    slice_images: int | None = None
    chosen: str | None = None
    reason: str | None = None
    sentence: str | None = None
    truth: TrueScore | None = None
    truth_gain: ScoreGain | None = None
