"""What the final evaluation found, as plain facts for the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autotl.api import Arm, Record
from autotl.evaluation.calibration import Temperature
from autotl.evaluation.gain import Gain
from autotl.evaluation.plateau import Plateau
from autotl.evaluation.scores import Evaluation
from autotl.evaluation.selection_bias import SelectionBias
from autotl.evaluation.validation_gap import GapReasons


@dataclass(frozen=True, slots=True)
class ClassGain:
    """A class that transfer changes measurably, in recall on the test part."""

    name: str
    gain: Gain


@dataclass(frozen=True, slots=True)
class ArmFinding:
    """An arm's best trial, as trained on the first fold, and what it scored on the test part.

    ``given_up`` says why no more of its settings were tried, "" where that was for want of time.
    """

    best: Record
    default_score: float | None
    test: Evaluation
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class TransferSummary:
    """Which stages the delivered network shares with its source, found by comparing weights.

    ``frozen`` are bit for bit as in the source; ``transferred`` started from it; ``norm`` says what became of
    the BatchNorm statistics.
    """

    transferred: tuple[str, ...]
    frozen: tuple[str, ...]
    norm: str


@dataclass(frozen=True, slots=True)
class Soup:
    """The average of the weights of several trials' networks, or why there is none.

    ``trials`` are the numbers of those averaged, of ``tried``; ``gain`` is the lead over the chosen trial in
    the metric on the first fold's validation images, ``se`` its standard error, paired by image, and ``due``
    the lead it needed beyond that, None each where nothing could be averaged.
    """

    kept: bool = False
    trials: tuple[int, ...] = ()
    tried: int = 0
    gain: float | None = None
    se: float | None = None
    due: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Several trials' networks whose probabilities are averaged, or why there is none.

    ``trials`` are the numbers of those chosen, of ``tried``, and ``shares`` the weight of each, which add up
    to 1. ``gain`` is the lead over what would be delivered otherwise (``over``) in the metric on ``images``
    validation images, ``se`` its standard error, paired by image, and ``due`` the lead it needed beyond that;
    None each where nothing was put together. ``beyond`` says with what further networks a limit would have
    been missed, "" where that kept none out.
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
class Answers:
    """What the delivered model said of the test images: their ``rows`` (n,) and ``logits`` (n, classes)."""

    rows: NDArray[np.int64]
    logits: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Findings:
    """What the test part showed.

    ``test`` is the delivered model's score. ``arms`` are tested as trained on the first fold. ``plateau``
    says where training the most promising baseline leads, None if nothing can be forecast. ``transfer_gain``
    is the best transfer arm's lead over the best baseline among these, or None, and then ``why_no_gain`` says
    why; ``search_gain`` is the winner's lead over the best default. ``hurt`` are the classes that transfer
    measurably harms. ``ensemble`` is None where none was asked for. ``optimism`` compares validation with
    test, and ``optimism_reasons`` are what may explain it if it lies above chance;
    ``calibration_error_before`` is the delivered model's without its ``temperature``; ``latency`` are its
    seconds for one image in a batch of one, ``size`` the bytes of its weights file: sums over the networks of
    an ensemble.
    """

    winner: Record
    refit: bool
    side: int
    test: Evaluation
    arms: Mapping[Arm, ArmFinding]
    transfer: Record | None
    baseline: Record | None
    transfer_gain: Gain | None
    why_no_gain: str
    hurt: tuple[ClassGain, ...]
    search_gain: Gain | None
    moved: TransferSummary
    images_per_second: float
    answers: Answers
    optimism: SelectionBias | None = None
    optimism_reasons: GapReasons | None = None
    soup: Soup = Soup()
    ensemble: Ensemble | None = None
    temperature: Temperature = field(default_factory=Temperature)
    calibration_error_before: float | None = None
    latency: float | None = None
    size: int | None = None
    plateau: Plateau | None = None
