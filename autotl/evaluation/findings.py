"""The results of the final evaluation, as plain facts for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autotl.api import Arm, PredictionIntervals, Record, Temperature
from autotl.evaluation.details.calibration_bins import ReliabilityBin
from autotl.evaluation.gain import Gain
from autotl.evaluation.plateau import Plateau
from autotl.evaluation.scores import Evaluation
from autotl.evaluation.selection_bias import SelectionBias
from autotl.evaluation.validation_gap import GapReasons


@dataclass(frozen=True, slots=True)
class ClassGain:
    """The gain of transfer on a class, label or range.

    It is that of a class's recall, of a label's accuracy, or of a number's absolute error. ``significant``
    is whether it differs from zero by Holm's procedure over all classes, labels or ranges.
    """

    name: str
    gain: Gain
    significant: bool = False


@dataclass(frozen=True, slots=True)
class ArmFinding:
    """The test score of an arm's best trial on the first fold.

    ``default_score`` is the validation score of the arm's default settings. ``stop_reason`` is why the search
    tried no more settings; it is "" if the time ended.
    """

    best: Record
    default_score: float | None
    test: Evaluation
    stop_reason: str = ""


@dataclass(frozen=True, slots=True)
class StageChange:
    """The weights of a transferred stage.

    ``parameters`` is their number. ``moved`` is the L2 norm of their change, divided by the L2 norm of the
    source's weights; None if the stage has none.
    """

    stage: str
    parameters: int
    moved: float | None


@dataclass(frozen=True, slots=True)
class TransferSummary:
    """The stages that the final network took from its source.

    Attributes:
        transferred: Stages that were initialised from the source.
        frozen: Stages that equal the source bit for bit, with their BatchNorm statistics.
        norm: The treatment of the BatchNorm statistics, in words.
        kept: Share of the source's weights that are equal bit for bit, in [0, 1]; None without transfer.
        stages: The changes of the transferred stages.
        new: Number of weights outside of the stages, which are those of the head.
    """

    transferred: tuple[str, ...]
    frozen: tuple[str, ...]
    norm: str
    kept: float | None = None
    stages: tuple[StageChange, ...] = ()
    new: int | None = None


@dataclass(frozen=True, slots=True)
class Soup:
    """The average of several trials' weights, or why there is none.

    Attributes:
        kept: Whether the final model is the soup.
        trials: Numbers of the averaged trials.
        tried: Trials that were considered.
        gain: Score difference to the winner on the first fold's validation images; None if nothing could
            be averaged.
        se: The standard error of ``gain``, paired by image; None likewise.
        due: The smallest gain, beyond the standard error, that keeps a soup; None likewise.
        why: Why there is no soup; "" if there is one.
        pretrained_share: The weight of the pretrained network with the linear probe's head, in [0, 1); 0 if
            the trials' average is not interpolated with it.
        share_tried: The ``pretrained_share`` that was tried; 0 if no interpolation was.
    """

    kept: bool = False
    trials: tuple[int, ...] = ()
    tried: int = 0
    gain: float | None = None
    se: float | None = None
    due: float | None = None
    why: str = ""
    pretrained_share: float = 0.0
    share_tried: float = 0.0


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Several trials' networks with averaged probabilities, or why there is no ensemble.

    Attributes:
        kept: Whether the final model is the ensemble.
        trials: Numbers of the chosen trials.
        shares: The weight of each trial's probabilities; their sum is 1.
        tried: Trials that were considered.
        gain: Score difference to the model otherwise exported, on validation images; None if nothing could
            be combined.
        se: The standard error of ``gain``, paired by image; None likewise.
        due: The smallest gain, beyond the standard error, that keeps an ensemble; None likewise.
        images: Validation images.
        over: The model that ``gain`` is measured against.
        beyond: Which limits further networks would have exceeded; "" if none was left out for that.
        why: Why there is no ensemble; "" if there is one.
    """

    kept: bool = False
    trials: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()
    tried: int = 0
    gain: float | None = None
    se: float | None = None
    due: float | None = None
    images: int = 0
    over: Literal["trial", "soup"] = "trial"
    beyond: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Tta:
    """The comparison of single passes with means over mirror images.

    Attributes:
        kept: Whether the final model answers with the mean.
        gain: Score difference to the single pass, on validation images; None if nothing was compared.
        se: The standard error of ``gain``, paired by image; None likewise.
        images: Validation images.
        why: Why the mean is not used; "" if it is.
    """

    kept: bool = False
    gain: float | None = None
    se: float | None = None
    images: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Contribution:
    """The contribution of the additional images of one role.

    Attributes:
        role: The role, such as ``"unlabelled"``.
        using: The best trial that learns from them; None if there is none.
        without: The best trial that does not; None if there is none.
        gain: The gain of ``using`` over ``without`` on the test images; None if it was not measured.
        why: Why it was not measured; "" if it was.
    """

    role: str
    using: Record | None = None
    without: Record | None = None
    gain: Gain | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class FinalPredictions:
    """The final model's ``outputs`` (n, k) of test ``rows`` (n,)."""

    rows: NDArray[np.int64]
    outputs: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of the final evaluation on the test images.

    Attributes:
        winner: The trial that the search chose.
        refit: Whether the final model was trained again on all training images.
        refit_failure: The reason if that training failed.
        input_size: The final model's image size in pixels.
        test: The final model's test score.
        arms: The test score of each arm's best trial, as trained on the first fold.
        transfer: The best trial that transfers; None if there is none.
        baseline: The best trial of a baseline; None if there is none.
        transfer_gain: The gain of ``transfer`` over ``baseline``; None if it was not measured.
        why_no_gain: Why ``transfer_gain`` was not measured; "" if it was.
        negative_transfer_classes: Classes, labels or ranges of a number that transfer measurably harms.
        class_gains: The gain of transfer on each class, label or range; empty if it was not measured.
        search_gain: The gain of the winner over the best default settings; None if it was not measured.
        transfer_summary: The stages that the final network shares with its source.
        images_per_second: Test images that the final model processed per second.
        predictions: The final model's predictions.
        selection_bias: The winner's validation score minus its test score; None without validation.
        gap_reasons: Possible causes if the validation score lies above the test score by more than chance.
        soup: The model soup.
        tta: The comparison with means over mirror images; None if not requested.
        ensemble: The ensemble; None if none was requested.
        temperature: The final model's temperature.
        intervals: The final model's prediction intervals; None for classes and labels.
        calibration_error_before: The final model's calibration error without its temperature, in [0, 1].
        reliability: The final model's probabilities and frequencies by bin; empty for numbers.
        reliability_before: The same without its temperature.
        latency: Seconds per image in batches of one, summed over the networks of an ensemble.
        size: Bytes of the weights, summed over the networks of an ensemble.
        plateau: The forecast of the most promising baseline; None if nothing can be forecast.
        heads: Kinds of the final model's heads that are not linear.
        plugin_heads: Kinds among them that need autotl and their plugin.
        contributions: The contribution of the additional images of each role.
    """

    winner: Record
    refit: bool
    input_size: int
    test: Evaluation
    arms: Mapping[Arm, ArmFinding]
    transfer: Record | None
    baseline: Record | None
    transfer_gain: Gain | None
    why_no_gain: str
    negative_transfer_classes: tuple[ClassGain, ...]
    search_gain: Gain | None
    transfer_summary: TransferSummary
    images_per_second: float
    predictions: FinalPredictions
    selection_bias: SelectionBias | None = None
    gap_reasons: GapReasons | None = None
    soup: Soup = Soup()
    tta: Tta | None = None
    ensemble: Ensemble | None = None
    temperature: Temperature = field(default_factory=Temperature)
    intervals: PredictionIntervals | None = None
    calibration_error_before: float | None = None
    reliability: tuple[ReliabilityBin, ...] = ()
    reliability_before: tuple[ReliabilityBin, ...] = ()
    latency: float | None = None
    size: int | None = None
    plateau: Plateau | None = None
    heads: tuple[str, ...] = ()
    plugin_heads: tuple[str, ...] = ()
    refit_failure: str = ""
    contributions: tuple[Contribution, ...] = ()
    class_gains: tuple[ClassGain, ...] = ()
