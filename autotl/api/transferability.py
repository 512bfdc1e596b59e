"""The contract of a score that foretells, without training, how well a backbone will transfer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """What one pass of a frozen backbone over the training images gives.

    ``features`` are pooled, float64 (n, d); ``labels`` int64 (n,), from 0 to classes - 1, each class at least
    twice. ``probabilities`` (n, source classes) are those of the backbone's own head, or None for a backbone
    that has none. ``probe`` (n, classes) are out-of-sample logits of the cross-validated linear probe, where
    they are known. Arrays are shared between the scores: not to be changed.
    """

    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None = None
    probe: NDArray[np.float64] | None = None

    def only(self, rows: NDArray[np.int64]) -> LabelledFeatures:
        """Some of the images. ``probe`` is left out: it was learned from others as well."""
        own = None if self.probabilities is None else self.probabilities[rows]
        return LabelledFeatures(self.features[rows], self.labels[rows], own)

    @property
    def classes(self) -> int:
        """How many target classes there are."""
        return int(self.labels.max()) + 1


@runtime_checkable
class Transferability(Protocol):
    """Scores a backbone on the target's labelled features. Higher is better; zero and unit are its own.

    Scores of several backbones are compared on the same images alone. ``needs_head`` is True where the source
    head's ``probabilities`` are read: it is then not asked about backbones without one.
    """

    name: str
    summary: str
    reference: str
    needs_head: bool

    def score(self, seen: LabelledFeatures) -> float:
        """The score; finite for 2 classes of 2 images each, and the same for the same input."""
        ...


@runtime_checkable
class MeanScore(Protocol):
    """A score that is the mean of something over the images, so that its uncertainty is known exactly."""

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """What each image (n,) adds: the score is the mean of it."""
        ...


@dataclass(frozen=True, slots=True)
class Scored:
    """One score of one backbone, with a 95 % interval over the choice of images.

    ``behind`` is how far it lies behind the best backbone by this score, as (difference, low, high): an
    interval that reaches 0 means that the two cannot be told apart.
    """

    value: float
    ci95: tuple[float, float] | None = None
    behind: tuple[float, float, float] | None = None
