"""Define the parts of a report about images besides the labelled ones."""

from __future__ import annotations

from dataclasses import dataclass

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ContributionGain:
    """Gain of the best trial with the images over one without."""

    value: float | None = None
    ci95: Interval | None = None
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Contribution:
    """Contribution of one set of images.

    Attributes:
        role: Role of the images, such as "unlabelled".
        kind: Kind of transfer.
        images: Given images.
        used: Images that were learned from.
        left_out: Copies of labelled images.
        strategy: Best strategy that learns from them.
        compared_with: Its counterpart that does not, or the best of all others.
        gain: Measured gain.
        answer: "helps", "no_measurable_difference" or "hurts".
        sentence: All of it as a sentence.
    """

    role: str | None = None
    kind: str | None = None
    images: int | None = None
    used: int | None = None
    left_out: int | None = None
    strategy: str | None = None
    compared_with: str | None = None
    gain: ContributionGain | None = None
    answer: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Kind of transfer, and whether the given images allow it."""

    kind: str | None = None
    possible: bool | None = None
    sentence: str | None = None
