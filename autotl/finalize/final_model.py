"""The final model of a run, and the findings about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from autotl.adaptation.result import Adaptation
from autotl.api import FoldScore, PredictionIntervals, Temperature
from autotl.clock import NEVER, Deadline
from autotl.evaluation import Ensemble, Findings, Soup, Tta
from autotl.trials.trial import Trial


@dataclass(frozen=True, slots=True)
class Member:
    """A network of an ensemble, and its weight in the mean."""

    trial: Trial
    weights: str
    share: float


@dataclass(frozen=True, slots=True)
class CrossoverCurve:
    """Validation scores of one trial's settings, by the number of training images.

    Attributes:
        strategy: The strategy of the trial.
        backbone: The network of the trial.
        sizes: The numbers of training images, ascending.
        scores: The validation accuracy for each of them, in [0, 1].
    """

    strategy: str
    backbone: str
    sizes: tuple[int, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScratchCrossover:
    """The dataset size at which from-scratch training matches transfer.

    Attributes:
        n: The number of training images; None if the curves do not meet.
        ci95: Its 95 % interval; None if the curves do not meet.
        sentence: The result as a sentence.
        curves: The curve of transfer and that of the baseline.
    """

    n: float | None
    ci95: tuple[float, float] | None
    sentence: str
    curves: tuple[CrossoverCurve, CrossoverCurve]


class PredictsPlace(Protocol):
    """Return a network's outputs at the place of use.

    They are those of all used images, (used, k), or of ``rows`` among them, (rows, k). The file of the
    weights "" is that of the first fold. OutOfTime is raised when ``end`` has passed.
    """

    def __call__(
        self, trial: Trial, weights: str = "", *, rows: NDArray[np.int64] | None = None, end: Deadline = NEVER
    ) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class ComparedModels:
    """The models that are compared on the place of use.

    Attributes:
        facts: The decision, with its evidence.
        unadapted: The trial that the search chose.
        outputs: Returns the outputs of a trial's network.
        adapted: The trials of the adaptations, by strategy.
    """

    facts: Adaptation
    unadapted: Trial
    outputs: PredictsPlace
    adapted: Mapping[str, Trial] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FinalModel:
    """The model that is exported.

    Attributes:
        trial: The best trial, or that of the chosen adaptation.
        weights: The weights file of the network; with ``members``, that of the first one.
        refit: Whether the network was refitted on all training rows.
        refit_failure: The reason if the refit failed.
        refit_notes: The learner's sentences on the refitted network.
        soup: The result of averaging weights.
        temperature: The calibration of the outputs.
        intervals: The prediction intervals of numbers; None for classes and labels.
        ensemble: The result of selecting an ensemble; None if none was requested.
        members: The networks of the ensemble, if one is exported.
        tta: The result of comparing single passes with means over mirror images; None if not requested.
        outputs: The outputs on validation images that the calibration is fitted on, by fold.
        crossover: The scratch crossover, if it was measured.
        adaptation: The comparison on the images of the place of use; None without such images.
        findings: The result of the test evaluation, once the model is tested.
    """

    trial: Trial
    weights: str
    refit: bool = False
    refit_failure: str = ""
    refit_notes: tuple[str, ...] = ()
    soup: Soup = field(default_factory=Soup)
    temperature: Temperature = field(default_factory=Temperature)
    intervals: PredictionIntervals | None = None
    ensemble: Ensemble | None = None
    members: tuple[Member, ...] = ()
    tta: Tta | None = None
    outputs: Mapping[int, FoldScore] = field(default_factory=dict)
    crossover: ScratchCrossover | None = None
    adaptation: ComparedModels | None = None
    findings: Findings | None = None

    @property
    def only_calibrated(self) -> bool:
        """Whether it is the trial's own network, apart from the calibration."""
        return not (self.refit or self.soup.kept or self.members)

    @property
    def mirrors(self) -> bool:
        """Whether it averages its outputs over mirror images."""
        return self.tta is not None and self.tta.kept

    @property
    def adapted(self) -> bool:
        """Whether it is adapted to the place of use."""
        return self.adaptation is not None and self.adaptation.facts.chosen is not None

    @property
    def searched(self) -> Trial:
        """The trial that the search chose."""
        return self.trial if self.adaptation is None else self.adaptation.unadapted
