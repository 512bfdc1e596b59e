"""Name the parts of each kind of target in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The words for one kind of target.

    Attributes:
        one: A class, a label or a number.
        several: The plural of ``one``.
        truth: The noun for the target of an image.
        constant: A prediction that is the same for each image, as the subject of a sentence.
        correct: The mean of how correct predictions are.
    """

    one: str
    several: str
    truth: str
    constant: str
    correct: str


SINGLE_LABEL = Words(
    "class", "classes", "label", "Predicting the class frequencies for each image", "accuracy"
)
WORDS: Mapping[str, Words] = {
    "single_label": SINGLE_LABEL,
    "multi_label": Words(
        "label",
        "labels",
        "labels",
        "Predicting the label frequencies for each image",
        "share of images with all labels correct",
    ),
    "regression": Words(
        "number",
        "numbers",
        "numbers",
        "Predicting the same numbers for each image",
        "explained share of the variance",
    ),
}


def words(kind: str | None) -> Words:
    """Return the words for a kind, by default for single labels."""
    return WORDS.get(kind or "", SINGLE_LABEL)
