"""What is known of the data before any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether something fits, and the reason shown in the report."""

    ok: bool
    why: str

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True)
class Task:
    """The target task as a strategy sees it: names and counts, no images.

    ``rows`` maps each class to its number of training images, in label order. ``side`` is the median of the
    images' shorter sides in pixels. ``likeness`` maps a backbone's name to its calibrated similarities (1 is
    like the source itself, 0 like noise), empty where nothing could be measured. ``trial_seconds`` is what
    one trial may cost, or None where only trials are counted: on ``folds`` folds together, more than one
    where the validation images of one are too few to choose by.
    """

    classes: tuple[str, ...]
    rows: Mapping[str, int]
    side: int
    metric: str = "accuracy"
    trial_seconds: float | None = None
    folds: int = 1
    likeness: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def train_rows(self) -> int:
        """How many training images there are, validation included."""
        return sum(self.rows.values())

    @property
    def min_per_class(self) -> int:
        """The training images of the smallest class."""
        return min(self.rows.values())
