"""Predict the test images with every network that is compared on them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.learning_curve import stratified
from autotl.api import Arm
from autotl.budget.refit_policy import repeated_test_seconds
from autotl.finalize.final_model import FinalModel, Member
from autotl.finalize.phase import FinalPhase
from autotl.finalize.test_phase.prediction_cache import PredictionCache, SavedNetwork
from autotl.results import mean_outputs
from autotl.seeds import derive
from autotl.trials.trial import Trial

MIN_TESTED = 100
"""Test images that are predicted however short the time is, and two of each class."""
HEAD_SHARE = 0.02
"""The fraction of a pass that another classifier takes on known features."""

Labels = NDArray[np.int64]
Outputs = NDArray[np.float32]


class TestPredictions:
    """The outputs of networks on the test images.

    Opens the test set. If the time is too short for all images, a random part of them is used, the same for
    all networks.

    Attributes:
        best: The best trial of each arm.
        default: The best trial with default settings, if it has weights.
        transfer: The best trial that transfers.
        baseline: The best baseline.
        rows: The dataset rows of the test images, ascending.
        targets: Their encoded targets.
    """

    __test__ = False  # pytest collects classes of this name

    def __init__(self, phase: FinalPhase, model: FinalModel) -> None:
        history = phase.history
        self._phase, self._model, self._end = phase, model, phase.report_deadline
        rows = phase.locked.open("the final evaluation")
        targets = phase.run_cache.dataset.targets
        if not math.isinf(self._end.at):  # in an order whose beginnings are all fair samples
            rows = stratified(
                phase.run_cache.target.strata(targets), rows, seed=derive(phase.options.seed, "test order")
            )
        self._cache = PredictionCache(phase.run_cache, rows)
        self.best: dict[Arm, Trial] = {arm: best for arm in history.arms() if (best := history.best(arm))}
        self.default = history.best(defaults_only=True)
        self.transfer, self.baseline = phase.best_of_both_sides()
        winner = model.trial
        own = str(winner.model) if model.only_calibrated else model.weights
        answering = model.members or (Member(winner, own, 1.0),)
        compared = (*self.best.values(), self.default, winner, *phase.compared_trials())
        networks = [_network(each.trial, each.weights) for each in answering]
        if model.mirrors:
            networks += [replace(each, mirrored=True) for each in networks]
        self._predict([*networks, *(_network(trial) for trial in compared if trial and trial.model)])
        seconds = sum(self._cache.seconds_per_image[each] for each in networks)
        self.images_per_second = 1 / max(seconds, 1e-9)
        self.rows, self.targets = self._cache.rows, targets[self._cache.rows]

    def of(self, trial: Trial, weights: str | None = None) -> Outputs:
        """Return the outputs of a trial's network, (n, k)."""
        return self._cache.outputs(_network(trial, weights))

    def of_final_model(self) -> Outputs:
        """Return the outputs of the final model, (n, k)."""
        model, temperature = self._model, np.float32(self._model.temperature.value)
        if model.members:
            several = [self.of(each.trial, each.weights) for each in model.members]
            target = self._phase.run_cache.target
            found: Outputs = target.combine(several, [each.share for each in model.members]) / temperature
            return found
        if model.only_calibrated:  # a second pass of the same network would take as long as the first
            return self._answer(model.trial) / temperature
        return self._answer(model.trial, model.weights)

    def _answer(self, trial: Trial, weights: str | None = None) -> Outputs:
        """Return the final network's outputs, averaged over mirror images if it answers so."""
        single = self.of(trial, weights)
        if not self._model.mirrors:
            return single
        mirrored = self._cache.outputs(replace(_network(trial, weights), mirrored=True))
        return mean_outputs(single, mirrored)

    def of_all_folds(self, one: Trial, other: Trial) -> tuple[list[Outputs], list[Outputs]]:
        """Return both trials' outputs, of as many folds as possible.

        Networks of later repeats are not used. They have learned from the same images again, so the interval
        would narrow with each repeat although the images show no more.
        """
        clock = self._phase.clock
        until = self._end.within(repeated_test_seconds(self._phase.budget)).at
        found = ([self.of(one, one.models[0])], [self.of(other, other.models[0])])
        folds, last = range(1, 1 + max((*one.models, *other.models))), 0.0
        for fold, (side, trial) in itertools.product(folds, enumerate((one, other))):
            if fold not in trial.models:
                continue
            started = clock.now()
            if started + last > until:
                break
            found[side].append(self.of(trial, trial.models[fold]))
            last = clock.now() - started
        return found

    def of_shared_folds(self, one: Trial, other: Trial) -> list[tuple[Outputs, Outputs]]:
        """Return both trials' outputs of each fold that both have.

        There are as many folds as the time allows, and the first comes first. As in :meth:`of_all_folds`,
        networks of later repeats are not used.
        """
        clock = self._phase.clock
        until = self._end.within(repeated_test_seconds(self._phase.budget)).at
        found: list[tuple[Outputs, Outputs]] = []
        last = 0.0
        for fold in sorted(one.models.keys() & other.models.keys()):
            started = clock.now()
            if found and started + last > until:
                break
            found.append((self.of(one, one.models[fold]), self.of(other, other.models[fold])))
            last = clock.now() - started
        return found

    def _predict(self, networks: Sequence[SavedNetwork]) -> None:
        """Predict as many images as there is time for with these networks."""
        run_cache, source_layers = self._phase.run_cache, self._cache.source_layers
        distinct = list(dict.fromkeys(networks))
        seconds: list[float] = []
        known: set[tuple[str, int]] = set()
        for network in distinct:
            backbone = run_cache.backbones[network.backbone]
            kind = network.backbone, network.input_size
            kept = source_layers.are_kept(network.backbone, network.file)
            shared = kept and not network.mirrored
            whole = backbone.pace.seconds(1, input_size=network.input_size or backbone.input_size)
            seconds.append(whole * (HEAD_SHARE if shared and kind in known else 1.0))
            if shared:
                known.add(kind)
        least = max(MIN_TESTED, 2 * run_cache.dataset.target.outputs)
        self._cache.predict_all(distinct, seconds=seconds, end=self._end, least=least)
        self._cache.sort()


def _network(trial: Trial, weights: str | None = None) -> SavedNetwork:
    return SavedNetwork(trial.arm.backbone, str(weights or trial.model), trial.input_size)
