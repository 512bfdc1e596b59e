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
    that has none. Arrays are shared between the scores: not to be changed.
    """

    features: NDArray[np.float64]
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float64] | None = None

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
