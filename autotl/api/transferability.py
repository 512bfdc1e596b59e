"""The contract of a score that predicts transfer without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """The outputs of a frozen backbone for the training images.

    They are computed in one pass. The arrays are shared between the scores: do not change them.

    Attributes:
        features: Pooled features, float64 (n, d).
        labels: int64 (n,), from 0 to classes - 1; each class occurs at least twice. They are the strata of
            several labels or of numbers.
        probabilities: Probabilities of the backbone's own head, (n, source classes); None without a head.
        probe: Out-of-sample logits of the cross-validated linear probe, (n, classes); None if unknown.
        targets: Several labels as 0 and 1, or standardised numbers, (n, k); None for classes.
    """

    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None = None
    probe: NDArray[np.float64] | None = None
    targets: NDArray[np.float64] | None = None

    def only(self, rows: NDArray[np.int64]) -> LabelledFeatures:
        """Return some of the images, without ``probe``.

        The probe was learned from other images as well.
        """
        own = None if self.probabilities is None else self.probabilities[rows]
        targets = None if self.targets is None else self.targets[rows]
        return LabelledFeatures(self.features[rows], self.labels[rows], own, targets=targets)

    @property
    def classes(self) -> int:
        """The number of target classes."""
        return int(self.labels.max()) + 1


@runtime_checkable
class Transferability(Protocol):
    """A score of a backbone from labelled features; higher is better.

    Each score has its own zero and unit. Scores of several backbones are compared on the same images only.
    ``needs_head`` is True if the score reads the source head's ``probabilities``: it is then not computed for
    backbones without a head.
    """

    name: str
    summary: str
    reference: str
    needs_head: bool

    def score(self, seen: LabelledFeatures) -> float:
        """Return the score of a backbone.

        The score is finite for 2 classes of 2 images each, and the same for the same input.
        """
        ...


@runtime_checkable
class MeanScore(Protocol):
    """A score that is a mean over the images.

    Its uncertainty is therefore known exactly.
    """

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return each image's contribution, (n,); the score is their mean."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """A score of a backbone, with a 95 % interval.

    The interval is over the choice of images. ``behind`` is the lead of the best backbone by this score, as
    (difference, low, high). If the interval reaches 0, the two backbones do not differ measurably.
    """

    value: float
    ci95: tuple[float, float] | None = None
    behind: tuple[float, float, float] | None = None
