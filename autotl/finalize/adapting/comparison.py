"""Score the unadapted model and its adaptations on the place of use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.adaptation.class_balance import class_distance
from autotl.adaptation.importance import importance_weighted_accuracy
from autotl.adaptation.information import mean_entropy, mutual_information
from autotl.adaptation.neighbourhood import soft_neighbourhood_density
from autotl.adaptation.result import Candidate, GuardScores
from autotl.clock import Deadline
from autotl.evaluation import gain
from autotl.finalize.adapting.place_outputs import PlaceOutputs
from autotl.finalize.phase import FinalPhase
from autotl.preparation.additional.place_of_use import PlaceOfUse
from autotl.quality import Shift, importance_weights, shift
from autotl.seeds import derive
from autotl.trials.trial import Trial

Floats = NDArray[np.float64]
Outputs = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PlaceFeatures:
    """Features of both places, through the frozen backbone.

    Attributes:
        train: Features of the training images, (n, features).
        validation: The positions among them of the first fold's validation images.
        place: Features of the images of the place of use, (used, features).
    """

    train: Floats
    validation: NDArray[np.int64]
    place: Floats

    @classmethod
    def of(cls, phase: FinalPhase, outputs: PlaceOutputs, backbone: str, end: Deadline) -> PlaceFeatures:
        """Compute the features of one backbone, or take known ones.

        Args:
            phase: The final phase.
            outputs: The images of the place of use.
            backbone: The network.
            end: Raises OutOfTime when it has passed.
        """
        run_cache = phase.runner.run_cache
        size = run_cache.backbones[backbone].input_size
        train = run_cache.features(backbone, input_size=size, check_cancelled=end.check).double().numpy()
        validation = run_cache.positions(run_cache.splits.folds[0].val).numpy()
        return cls(train, validation, outputs.features(backbone, end).astype(np.float64))

    def difference(self, seed: int) -> Shift:
        """Test whether a domain classifier tells both places apart.

        Args:
            seed: The seed of the run.
        """
        return shift(self.train, self.place, seed=derive(seed, "place of use"))

    def validation_weights(self, seed: int) -> Floats:
        """Return the importance weights of the validation images.

        They are densities at the place of use, relative to the training images.

        Args:
            seed: The seed of the run.
        """
        found = importance_weights(self.train, self.place, seed=derive(seed, "place of use"))
        weights: Floats = found.weights[self.validation]
        return weights


class Comparison:
    """Scores models on the place of use, all on the same images.

    Args:
        phase: The final phase.
        place: The images of the place of use.
        outputs: The outputs of networks on them.
        weights: The weights of the first fold's validation images.
    """

    def __init__(self, phase: FinalPhase, place: PlaceOfUse, outputs: PlaceOutputs, weights: Floats) -> None:
        self._phase, self._outputs, self._weights = phase, outputs, weights
        rows = place.halves(phase.options.seed).slice
        self._slice, self._labels, self._images = rows, place.labels[rows], len(place.labels)
        counts = phase.runner.task.strata_counts
        shares = np.array([counts.get(name, 0) for name in phase.runner.task.target.names], dtype=np.float64)
        self._prior = shares / shares.sum()

    @property
    def images(self) -> int:
        """The number of images of the place of use."""
        return self._images

    @property
    def slice_images(self) -> int:
        """The number of labelled images that the guard uses."""
        return len(self._slice)

    @property
    def slice_has_all_classes(self) -> bool:
        """Whether these images show each class of the training images."""
        return {*np.flatnonzero(self._prior).tolist()} <= {*self._labels.tolist()}

    def candidate(self, trial: Trial, end: Deadline, *, over: Trial | None = None) -> Candidate:
        """Return a model with its scores.

        Args:
            trial: The trial of the model.
            end: Raises OutOfTime when it has passed.
            over: The trial of the unadapted model; None if this is it.
        """
        outputs, history = self._outputs.of(trial, end=end), self._phase.history
        found = Candidate(trial.arm.strategy, trial.arm.backbone, self._scores(trial, outputs))
        if not len(self._slice):
            return found
        own, labels = outputs[self._slice], self._labels
        score = history.metric(labels, own)
        measured = None
        if over is not None:
            measured = gain(
                labels,
                own,
                self._outputs.of(over, end=end)[self._slice],
                metric=history.metric,
                seed=derive(self._phase.options.seed, "bootstrap"),
                target=history.target,
            )
        return Candidate(found.strategy, found.backbone, found.scores, score, measured)

    def _scores(self, trial: Trial, outputs: Outputs) -> GuardScores:
        """Return the scores that need no label of the place of use."""
        history, fold = self._phase.history, trial.folds[0]
        probabilities = history.target.predict(outputs)
        correct = history.target.correct(fold.outputs, history.targets[0])
        return GuardScores(
            source_validation=fold.score,
            mean_entropy=mean_entropy(probabilities),
            mutual_information=mutual_information(probabilities),
            neighbourhood_density=soft_neighbourhood_density(probabilities, seed=self._phase.options.seed),
            importance_weighted=importance_weighted_accuracy(correct, self._weights),
            class_distance=class_distance(probabilities, self._prior),
        )
