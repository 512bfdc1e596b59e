"""Define the whole report document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autotl.api import UNNAMED_MODALITY
from autotl.report.document.adaptation import Adaptation
from autotl.report.document.contributions import Contribution
from autotl.report.document.evaluation import Evaluation
from autotl.report.document.model import How, What
from autotl.report.document.next_data import NextData
from autotl.report.document.pictures import PictureData
from autotl.report.document.quality import Quality
from autotl.report.document.trials import ArmRow, Cost, Search, Split, TrialRow
from autotl.report.document.when import When
from autotl.report.kinds.words import Words, words
from autotl.report.metric_format import Measure, measure_of

SCRATCH = "from_scratch"
"""Baseline strategy of a report that names none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of the run.

    Attributes:
        transfer: "helps", "hurts" or "no_measurable_difference".
        strategy: Strategy of the final model.
        backbone: Network of the final model.
        sentence: Outcome as a sentence.
        caveat: Limits of the outcome; it repeats warnings about leaks.
        cost: Training times of the compared trials, as a sentence.
        delivered: Final model with its test score, as a sentence.
        kind: Kind of transfer of the final model; empty if nothing is transferred.
        warnings: Reasons for which the test score or the probabilities are wrong.
    """

    transfer: str | None = None
    strategy: str | None = None
    backbone: str | None = None
    sentence: str | None = None
    caveat: str | None = None
    cost: str | None = None
    delivered: str | None = None
    kind: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InputsPart:
    """The inputs in words and examples.

    Attributes:
        noun: One input in words; its plural adds an s.
        unit: Unit of input sizes.
        symbol: Unit in tables.
        size: Name of the typical size.
        copies: How two copies agree.
        python: A Python expression of one or several inputs.
        shell: A file or folder of inputs.
        loader: Arguments of the loader in the model folder; empty if timm opens the folder.
    """

    noun: str = "image"
    unit: str = "pixels"
    symbol: str = "px"
    size: str = "median shorter side"
    copies: str = "pixel by pixel"
    python: str = '"photo.jpg"'
    shell: str = "photos/"
    loader: str = ""


@dataclass(frozen=True, slots=True)
class TargetPart:
    """The kind of target and its names.

    The kind is "single_label", "multi_label" or "regression".
    """

    kind: str = "single_label"
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Content of ``report.json``; docs/report.md describes each key.

    A part that is missing is empty, and a value that is missing is None.

    Attributes:
        format: Number of the format.
        name: Name of the data.
        created: Time in ISO 8601.
        target: The target; reports of the first version have single labels.
        classes: Names of classes, labels or numbers, in the order of the outputs.
        modality: The kind of the inputs, such as "image" or "text".
        inputs: The inputs in words and examples.
        verdict: Outcome.
        what: Transferred layers.
        when: Evidence on whether transfer pays.
        how: Training of the final model.
        test: Scores of the final model on the test set.
        contributions: Contribution of images besides the labelled ones.
        next: Advice on the next steps, the most important first.
        adaptation: Decision on adapting to the place of use; None without images of it.
        quality: Data issues.
        pictures: Images that the report shows; None in reports without pictures.
        arms: Scores of each strategy and backbone pair.
        search: Counts and gain of the search.
        cost: Time and memory.
        trials: All trials in the order of their start.
        split: Division of the images.
        environment: Versions and device.
        command: Command of the run.
        seed: Seed of the run.
        notes: Inferences and remarks.
    """

    format: int | None = None
    name: str | None = None
    created: str | None = None
    target: TargetPart = field(default_factory=TargetPart)
    classes: tuple[str, ...] = ()
    modality: str = UNNAMED_MODALITY
    inputs: InputsPart = field(default_factory=InputsPart)
    verdict: Verdict = field(default_factory=Verdict)
    what: What = field(default_factory=What)
    when: When = field(default_factory=When)
    how: How = field(default_factory=How)
    test: Evaluation = field(default_factory=Evaluation)
    contributions: tuple[Contribution, ...] = ()
    next: tuple[NextData, ...] = ()
    adaptation: Adaptation | None = None
    quality: Quality = field(default_factory=Quality)
    pictures: PictureData | None = None
    arms: tuple[ArmRow, ...] = ()
    search: Search = field(default_factory=Search)
    cost: Cost = field(default_factory=Cost)
    trials: tuple[TrialRow, ...] = ()
    split: Split = field(default_factory=Split)
    environment: Mapping[str, Any] = field(default_factory=dict)
    command: str | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def measure(self) -> Measure:
        """The metric of the run."""
        test = self.test
        return measure_of(test.metric, higher_is_better=test.higher_is_better, percent=test.percent)

    @property
    def words(self) -> Words:
        """The words for the kind of target."""
        return words(self.target.kind)

    @property
    def baseline(self) -> str:
        """The strategy that transfer is compared with."""
        gain = self.when.transfer_gain
        return ((gain.baseline if gain else None) or SCRATCH).split()[0]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes in label order."""
        return self.classes or tuple(each.name or "?" for each in self.test.per_class)

    @property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """The confusion matrix; empty unless it has every class."""
        matrix, classes = self.test.confusion, len(self.class_names)
        return matrix if len(matrix) == classes and all(len(row) == classes for row in matrix) else ()

    @property
    def confused_pairs(self) -> list[tuple[str, str, int, int]]:
        """The mistakes by frequency.

        Each has the true class, the predicted class, its images, and all images of the true class.
        """
        names = self.class_names
        found = [
            (names[i], names[j], images, sum(row))
            for i, row in enumerate(self.confusion)
            for j, images in enumerate(row)
            if i != j and images
        ]
        return sorted(found, key=lambda pair: -pair[2])

    @property
    def ranked_arms(self) -> list[ArmRow]:
        """The winner, then the arms by test and validation score."""

        def rank(arm: ArmRow) -> tuple[bool, bool, float, float]:
            merits = [-self.measure.merit(score or 0.0) for score in (arm.test, arm.best_val)]
            return not self.is_winner(arm), arm.test is None, merits[0], merits[1]

        return sorted(self.arms, key=rank)

    def is_winner(self, arm: ArmRow) -> bool:
        """Whether the arm has the strategy and backbone of the final model."""
        winner = (self.verdict.strategy, self.verdict.backbone)
        return bool(self.verdict.strategy) and (arm.strategy, arm.backbone) == winner
