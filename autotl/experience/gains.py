"""The gain of transfer on a public data set, as it was measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gain:
    """The measured gain of transfer over the best model without it, on one data set of one size.

    Attributes:
        data: The name of the data set.
        n_train: Its training images.
        classes: Its classes.
        likeness: How like the source its images are: 0 is noise, 1 the source itself.
        budget_seconds: The budget of the run.
        transfer: The best strategy that transfers.
        scratch: The best one that does not.
        gain: The difference of their test accuracies, in [-1, 1].
        low: The lower end of its 95 % interval.
        high: The upper end.
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
        """Training images of a class, in the mean."""
        return self.n_train / self.classes

    @property
    def verdict(self) -> str:
        """The verdict by the interval: "helps", "hurts" or "no_measurable_difference"."""
        if self.low > 0:
            return "helps"
        return "hurts" if self.high < 0 else "no_measurable_difference"
