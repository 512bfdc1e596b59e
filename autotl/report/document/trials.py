"""Define the parts of a report about the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autotl.report.document.forecast import ForecastRow

Number = int | float
Interval = tuple[float, float]
Pairs = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ArmRow:
    """Scores of one strategy with one backbone.

    Attributes:
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        trials: Trials that started.
        best_val: Best validation score.
        best_val_default: Validation score of the default settings.
        test: Test score of the best trial, trained on the first fold.
        ci95: Interval of ``test``.
        seconds: Time of its trials.
        state: "complete", "stopped", "pruned", "failed", "not reached" or "skipped".
        reason: Reason for the state.
    """

    strategy: str | None = None
    backbone: str | None = None
    trials: int | None = None
    best_val: float | None = None
    best_val_default: float | None = None
    test: float | None = None
    ci95: Interval | None = None
    seconds: float | None = None
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial.

    Attributes:
        number: Number of the trial.
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        params: Settings.
        default: Whether the settings are the defaults.
        state: "complete", "pruned", "stopped" or "failed".
        score: Mean validation score.
        folds: Folds behind the score.
        seconds: Its time.
        finished_at: Seconds since the start of the search.
        why: Reason for the state.
        look: Whether it is a first look.
        curve: Share of the training on the first fold, and the score at that point.
    """

    number: int | None = None
    strategy: str | None = None
    backbone: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    default: bool = False
    state: str | None = None
    score: float | None = None
    folds: int | None = None
    seconds: float | None = None
    finished_at: float | None = None
    why: str | None = None
    look: bool = False
    curve: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference of two test scores with its interval."""

    value: float | None = None
    ci95: Interval | None = None


@dataclass(frozen=True, slots=True)
class SelectionCheck:
    """Selection bias: choosing the best of ``trials`` explains at most ``explains``."""

    found: bool = False
    trials: int | None = None
    explains: float = 0.0


@dataclass(frozen=True, slots=True)
class CopiesCheck:
    """Near copies between the training and validation images of a fold.

    Attributes:
        found: Whether they explain a part of the gap.
        share: Share of validation images with a near copy.
        test_share: Share of test images with one.
        accuracy_with: Validation accuracy on images with a near copy.
        accuracy_without: Validation accuracy on the others.
        examples: Pairs of names.
        grouped: Whether the data names groups.
    """

    found: bool = False
    share: float = 0.0
    test_share: float | None = None
    accuracy_with: float | None = None
    accuracy_without: float | None = None
    examples: Pairs = ()
    grouped: bool = False


@dataclass(frozen=True, slots=True)
class ShiftCheck:
    """Two-sample test of training and test images."""

    found: bool = False
    p: float = 1.0
    auc: float = 0.5


@dataclass(frozen=True, slots=True)
class FewImagesCheck:
    """Scored images of both parts; ``found`` if one part is small."""

    found: bool = False
    validation: int | None = None
    test: int | None = None


@dataclass(frozen=True, slots=True)
class GapReasons:
    """Checks that may explain the gap between validation and test scores.

    Attributes:
        selection: Selection bias.
        near_copies: Near copies; None if not checked.
        shift: Difference between training and test images; None if not checked.
        few_images: Small parts.
        unexplained: Rest of the gap; None if it is within chance or unknown.
    """

    selection: SelectionCheck = SelectionCheck()
    near_copies: CopiesCheck | None = None
    shift: ShiftCheck | None = None
    few_images: FewImagesCheck = FewImagesCheck()
    unexplained: float | None = None


@dataclass(frozen=True, slots=True)
class ParameterShare:
    """Share of the scores' variance that a setting explains, in [0, 1]."""

    name: str | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Importances:
    """Importance of the settings of one arm, from ``trials`` trials."""

    strategy: str | None = None
    backbone: str | None = None
    trials: int | None = None
    parameters: tuple[ParameterShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """Counts and gain of the search.

    Attributes:
        gain_over_best_default: Test score of the winner minus that of the best default.
        winner_is_default: Whether the chosen trial has default settings.
        optimism: Validation score minus test score of the chosen trial.
        optimism_ci95: Its interval.
        optimism_reasons: Explanations; None if not checked.
        trials: Trials that started.
        failed: Trials that raised an error.
        pruned: Trials that were pruned.
        stopped: Trials that ran out of time.
        gone_on: Trials that were resumed after pruning.
        forecasts: Forecasts of the arms with their outcomes.
        importances: Importance of settings; None with too few trials.
    """

    gain_over_best_default: Difference = Difference()
    winner_is_default: bool | None = None
    optimism: float | None = None
    optimism_ci95: Interval | None = None
    optimism_reasons: GapReasons | None = None
    trials: int | None = None
    failed: int = 0
    pruned: int = 0
    stopped: int = 0
    gone_on: int = 0
    forecasts: tuple[ForecastRow, ...] = ()
    importances: Importances | None = None


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Seconds of an activity in a phase of the run."""

    phase: str = ""
    activity: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Time and memory of the run and of its model.

    Attributes:
        seconds: Time of the run.
        search_seconds: Time of the search.
        budget_seconds: Budget.
        overhead_fraction: Share of the search outside trials, in [0, 1].
        images_per_second: Speed of the model, with image loading.
        latency_ms: Milliseconds for one image.
        size_mb: Size of the weights, in 10⁶ bytes.
        peak_memory_mb: Peak memory in megabytes.
        timeline: Use of the time in order, up to the report.
    """

    seconds: float | None = None
    search_seconds: float | None = None
    budget_seconds: float | None = None
    overhead_fraction: float | None = None
    images_per_second: float | None = None
    latency_ms: float | None = None
    size_mb: float | None = None
    peak_memory_mb: float | None = None
    timeline: tuple[TimeSpent, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """Division of the images.

    Attributes:
        hash: Fingerprint of the split.
        train: Training images, with validation images.
        val: Validation images of a fold.
        test: Test images.
        kind: "kfold", "holdout" or "given".
        folds: Folds of a repeat.
        repeats: Repeats with another division.
    """

    hash: str | None = None
    train: int | None = None
    val: int | None = None
    test: int | None = None
    kind: str | None = None
    folds: int | None = None
    repeats: int = 1
