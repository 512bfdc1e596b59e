"""Define the part of a report about pictures of the user's images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field


@dataclass(frozen=True, slots=True)
class Mistake:
    """Wrong prediction for a test image.

    Attributes:
        item: Name of the image.
        given: Its class, its labels joined by ``;``, or its number.
        predicted: The prediction in the same form.
        probability: Probability of the prediction; of labels that of the most confident mistake; None for
            numbers.
        missed: Labels that are not predicted, joined by ``;``.
        wrong: Labels that are predicted but not given, joined by ``;``.
        number: Name of the number; empty for classes and labels.
    """

    item: str = ""
    given: str = ""
    predicted: str = ""
    probability: float | None = None
    missed: str = ""
    wrong: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class ClassSample:
    """Some training images of a class or label.

    ``images`` is the number of all its training images, and ``items`` has the names of some.
    """

    name: Annotated[str | None, Field(validation_alias="class")] = None
    images: int | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureData:
    """Images that the report shows.

    Attributes:
        mistakes: The most confident mistakes or largest errors on the test set, the worst first.
        n_mistakes: Test images with a wrong prediction; None for numbers.
        samples: Training images of the largest classes.
        files: File name of the thumbnail in ``RUN/pictures`` by image name.
    """

    mistakes: tuple[Mistake, ...] = ()
    n_mistakes: int | None = None
    samples: tuple[ClassSample, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
