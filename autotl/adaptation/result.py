"""Hold the scores of adapted models, and the decision between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotl.evaluation import Evaluation, Gain
from autotl.quality import Shift


@dataclass(frozen=True, slots=True)
class GuardScores:
    """The scores of a model without labels of the place of use.

    Attributes:
        source_validation: The validation score on the first fold, from the training images; higher is better.
        mean_entropy: Mean entropy of the predictions.
        mutual_information: Entropy of the mean prediction minus the mean entropy.
        neighbourhood_density: Soft neighbourhood density.
        importance_weighted: Validation accuracy, weighted towards the place of use.
        class_distance: Total variation between predicted class shares and those of the training images.
    """

    source_validation: float
    mean_entropy: float
    mutual_information: float
    neighbourhood_density: float
    importance_weighted: float
    class_distance: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A compared model, as trained on the first fold.

    Attributes:
        strategy: Its strategy.
        backbone: Its network.
        scores: Its scores without labels.
        slice: Its score on the labelled slice of the place of use, higher being better; None without one.
        slice_gain: Its gain over the unadapted model on that slice; None without one.
        truth: Its evaluation on the other labelled images; None without any, or before the end.
    """

    strategy: str
    backbone: str
    scores: GuardScores
    slice: float | None = None
    slice_gain: Gain | None = None
    truth: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Adaptation:
    """Whether the model is adapted to the place of use.

    Attributes:
        reason: Why an adaptation is chosen, or why none is, without a full stop.
        chosen: The strategy that adapts the delivered model; None if it is not adapted.
        unadapted: The model that the search chose; None if the guard compared nothing.
        candidates: The adapted models.
        difference: How far the images of the place of use differ from the training images; None if it was
            not measured.
        untried: Why other adaptations have no model, by strategy.
        slice_images: Labelled images that the guard used.
        truth: The evaluation of the delivered model on the other labelled images; None without any.
        no_truth: Why there is none despite labelled images, without a full stop.
        truth_gain: The adapted network's gain over the unadapted one, both of the first fold; None without
            labels, or if the model is not adapted.
    """

    reason: str
    chosen: str | None = None
    unadapted: Candidate | None = None
    candidates: tuple[Candidate, ...] = ()
    difference: Shift | None = None
    untried: Mapping[str, str] = field(default_factory=dict)
    slice_images: int = 0
    truth: Evaluation | None = None
    no_truth: str = ""
    truth_gain: Gain | None = None
