"""Define the parts of a report about the final model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Number = int | float


@dataclass(frozen=True, slots=True)
class StageChange:
    """Weights of a pretrained stage.

    ``moved`` is the L2 norm of their change over that of the source's weights; None if unknown.
    """

    stage: str | None = None
    parameters: int | None = None
    moved: float | None = None


@dataclass(frozen=True, slots=True)
class What:
    """Transferred layers of the final model.

    Attributes:
        backbone: Name of the network.
        source: Pretraining data, as a sentence.
        architecture: timm's name of the architecture.
        parameters: Number of weights.
        transferred_stages: Stages with pretrained weights, in forward order; None if unknown.
        frozen_stages: Stages of these that were not trained; None if unknown.
        kept_weights: Share of the source's weights that are equal bit for bit, in [0, 1].
        stages: Weights of each pretrained stage and their change.
        new_parameters: Number of weights outside of the stages; None if unknown.
        replaced: New layers.
        bn_policy: Treatment of the BatchNorm statistics, as a sentence.
        heads: Kinds of the heads that are not linear.
        plugin_heads: Kinds among them that need autotl and their plugin.
        kind: Kind of transfer; empty if nothing is transferred.
        additional: Roles of the images besides the labelled ones that its strategy learned from.
    """

    backbone: str | None = None
    source: str | None = None
    architecture: str | None = None
    parameters: int | None = None
    transferred_stages: tuple[str, ...] | None = None
    frozen_stages: tuple[str, ...] | None = None
    kept_weights: float | None = None
    stages: tuple[StageChange, ...] = ()
    new_parameters: int | None = None
    replaced: tuple[str, ...] = ()
    bn_policy: str | None = None
    heads: tuple[str, ...] = ()
    plugin_heads: tuple[str, ...] = ()
    kind: str | None = None
    additional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Soup:
    """Averaged weights of several trials.

    Attributes:
        kept: Whether the final model is the soup.
        trials: Numbers of the averaged trials.
        tried: Number of candidates.
        gain: Validation gain over the chosen trial.
        se: Standard error of the gain.
        why: Reason for which the soup was not kept.
        pretrained_share: Weight of the pretrained network with the linear probe's head; 0 without it.
        share_tried: The weight that was tried; 0 if no interpolation was.
    """

    kept: bool = False
    trials: tuple[int, ...] = ()
    tried: int = 0
    gain: float | None = None
    se: float | None = None
    why: str | None = None
    pretrained_share: float | None = None
    share_tried: float | None = None


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Averaged predictions of several trials.

    Attributes:
        kept: Whether the final model is the ensemble.
        trials: Numbers of the chosen trials.
        shares: Weight of each, adding up to 1.
        gain: Validation gain over the alternative.
        se: Standard error of the gain.
        images: Validation images behind the gain.
        over: The alternative: "trial" or "soup".
        beyond: Limits that more networks would violate.
        why: Reason for which the ensemble was not kept.
    """

    kept: bool = False
    trials: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    gain: float | None = None
    se: float | None = None
    images: int | None = None
    over: str | None = None
    beyond: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divisor of the logits, and the reason for which it is 1."""

    value: float | None = None
    kept: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Intervals:
    """Prediction intervals of numbers.

    Attributes:
        half_widths: Half the width for each number, in its unit.
        coverage: Share of true numbers that they are made to hold.
        n: Validation images.
        why: Why there are none, or may be too narrow.
    """

    half_widths: tuple[float, ...] = ()
    coverage: float | None = None
    n: int | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Tta:
    """Comparison of single passes with means over mirror images.

    Attributes:
        kept: Whether the final model answers with the mean.
        gain: Score difference to the single pass, on validation images.
        se: Standard error of ``gain``.
        images: Validation images.
        why: Why the mean is not used.
    """

    kept: bool = False
    gain: float | None = None
    se: float | None = None
    images: int | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class How:
    """Training of the final model.

    Attributes:
        strategy: Name of the strategy.
        params: Its settings.
        summary: The strategy, as a line.
        reference: The paper that the strategy implements.
        phases: Training phases, as sentences.
        epochs: Epochs of the final training.
        augmentation: Random changes of training images; a name or whether there were any.
        image_size: Input size in pixels, or height and width.
        soup: Averaged weights.
        tta: Means over mirror images; None if not requested.
        ensemble: Averaged probabilities; None if not requested.
        temperature: Calibration.
        intervals: Prediction intervals of numbers; None for other targets.
        precision: Number format.
        device: Device of the training.
    """

    strategy: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    summary: str | None = None
    reference: str | None = None
    phases: tuple[str, ...] = ()
    epochs: Number | None = None
    augmentation: Any = None
    image_size: Number | tuple[Number, ...] | None = None
    soup: Soup = Soup()
    tta: Tta | None = None
    ensemble: Ensemble | None = None
    temperature: Temperature = Temperature()
    intervals: Intervals | None = None
    precision: str | None = None
    device: str | None = None
