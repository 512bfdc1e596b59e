"""The JSON documents that the service answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from autotl.api import TargetKind
from autotl.serving.refusal import Refusal


class Problem(BaseModel):
    """Why something was not answered."""

    error: str = Field(description="The kind of the reason, such as body_too_large.")
    given: str = Field(description="The input that was given.")
    must: str = Field(description="The condition that must hold.")

    @classmethod
    def of(cls, refusal: Refusal) -> Problem:
        """Return the document of a refusal."""
        return cls(error=refusal.code, given=refusal.given, must=refusal.must)


class Choice(BaseModel):
    """A class or label with its probability."""

    label: str
    probability: float = Field(description="In [0, 1], calibrated if the model is.")


class Number(BaseModel):
    """A predicted number, with the ends of its prediction interval."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None


class FileAnswer(BaseModel):
    """The answer for one file."""

    file: str = Field(description="The name of the file, without folders.")
    notes: list[str] = Field(default=[], description="Notes on the scale of pixels of more than 8 bits.")
    error: Problem | None = Field(default=None, description="Why the file has no prediction.")


class ClassAnswer(FileAnswer):
    """The class of an image."""

    label: str | None = Field(default=None, description="The most probable class.")
    probability: float | None = None
    top: list[Choice] = Field(default=[], description="The most probable classes, best first.")


class LabelsAnswer(FileAnswer):
    """The labels of an image."""

    labels: list[str] | None = Field(default=None, description="The labels with a probability above 0.5.")
    top: list[Choice] = Field(default=[], description="The most probable labels, best first.")


class NumbersAnswer(FileAnswer):
    """The numbers of an image."""

    numbers: list[Number] | None = None


class ClassAnswers(BaseModel):
    """The classes of all images, in the order of the request."""

    predictions: list[ClassAnswer]


class LabelsAnswers(BaseModel):
    """The labels of all images, in the order of the request."""

    predictions: list[LabelsAnswer]


class NumbersAnswers(BaseModel):
    """The numbers of all images, in the order of the request."""

    predictions: list[NumbersAnswer]


ANSWER: Mapping[TargetKind, type[FileAnswer]] = {
    "single_label": ClassAnswer,
    "multi_label": LabelsAnswer,
    "regression": NumbersAnswer,
}
"""The answer for a file, by the kind of target."""
ANSWERS: Mapping[TargetKind, type[BaseModel]] = {
    "single_label": ClassAnswers,
    "multi_label": LabelsAnswers,
    "regression": NumbersAnswers,
}
"""The answer for a request, by the kind of target."""


class Health(BaseModel):
    """The service answers."""

    status: Literal["ok"] = "ok"


class Score(BaseModel):
    """The score on the test images of the run."""

    metric: str
    value: float
    ci95: tuple[float, float] | None = None
    images: int | None = None


class ModelFacts(BaseModel):
    """The model that answers."""

    name: str = Field(description="The name of the run folder.")
    target: TargetKind
    classes: list[str] = Field(description="The names of the classes, labels or numbers.")
    input_sizes: list[int] = Field(description="The image sizes of the networks, in pixels.")
    networks: int = Field(description="1, or the number of networks of an ensemble.")
    score: Score | None = Field(description="The test score; null for a model folder without its run.")
    max_upload_bytes: int
    max_files: int
    max_pixels: int
    autotl: str = Field(description="The version of autotl.")
