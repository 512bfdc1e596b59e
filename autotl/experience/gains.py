"""The measured gain of transfer on a public data set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gain:
    """A measured gain of transfer over training from scratch.

    Attributes:
        data: Name of the data set.
        n_train: Number of training images.
        classes: Number of classes.
        likeness: Similarity of its images to the source data, from 0 (noise) to 1 (the source itself).
        budget_seconds: Budget of the run, in seconds.
        transfer: The best strategy that transfers.
        scratch: The best strategy that trains from scratch.
        gain: Difference of their test accuracies, in [-1, 1].
        low: Lower end of the 95 % interval of the gain.
        high: Upper end of the interval.
    """

    data: str
    n_train: int
    classes: int
    likeness: float
    budget_seconds: float
    transfer: str
    scratch: str
    gain: float
    low: float
    high: float

    @property
    def per_class(self) -> float:
        """The mean number of training images per class."""
        return self.n_train / self.classes

    @property
    def verdict(self) -> str:
        """The verdict from the interval: "helps", "hurts" or "no_measurable_difference"."""
        if self.low > 0:
            return "helps"
        return "hurts" if self.high < 0 else "no_measurable_difference"
