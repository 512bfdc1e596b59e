"""The facts of the data that are known before any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotl.api.additional.contract import AdditionalImages
from autotl.api.modality.configs import UNNAMED_MODALITY, ModalityName
from autotl.api.target import TargetSpec


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether an object fits, and the reason shown in the report."""

    ok: bool
    why: str

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Task:
    """The target task as a strategy sees it.

    It has names and counts, but no images.

    Attributes:
        target: The kind of target, and the names of its classes, labels or numbers.
        strata_counts: Number of training images of each stratum, such as a class, by its name.
        typical_size: Median of the images' shorter sides, in pixels; of texts, tokens that most have at most.
        metric: Name of the metric.
        trial_seconds: Time limit of one trial on all ``folds`` folds, or None if only trials are counted.
        folds: Number of folds that ``trial_seconds`` is for. More than 1 if the validation images of a single
            fold are too few for a choice.
        likeness: Calibrated similarities by the backbone's name (1: like the source, 0: like noise); empty if
            none could be measured.
        backbones: Number of weights of each backbone of the run, by its name.
        additional: Facts of images besides the labelled ones, by their role; empty if the user gave none.
        augmentations: The names of the random views that a training may use, ``"none"`` first.
        modality: The kind of the inputs.
    """

    target: TargetSpec
    strata_counts: Mapping[str, int]
    typical_size: int
    metric: str = "accuracy"
    trial_seconds: float | None = None
    folds: int = 1
    likeness: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    backbones: Mapping[str, int] = field(default_factory=dict)
    additional: Mapping[str, AdditionalImages] = field(default_factory=dict)
    augmentations: tuple[str, ...] = ("none", "shift", "mirror", "strong")
    modality: ModalityName = UNNAMED_MODALITY

    @property
    def train_rows(self) -> int:
        """The number of training images, validation included."""
        return sum(self.strata_counts.values())

    @property
    def smallest_stratum(self) -> int:
        """The number of training images of the smallest stratum."""
        return min(self.strata_counts.values())
