"""Calibrate the final model: a temperature of its outputs, or prediction intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autotl.api import Calibration as Calibrated
from autotl.api import PredictionIntervals, Temperature
from autotl.backbone import can_scale, scale_head
from autotl.finalize.export import load_network
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.seeds import derive
from autotl.trials.history import TrialHistory
from autotl.workbench.tensor_files import save_weights


class Calibration:
    """The step that fits the temperature, or prediction intervals.

    Both are fitted on validation images. The temperature of one network is folded into its classifier, or
    into the scale of another head. That of an ensemble is kept beside the networks, because it belongs to
    their mean. So are intervals.
    """

    name = "calibration"
    optional = False

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return 0: the validation outputs are known."""
        return 0.0

    def run(self, model: FinalModel) -> FinalModel:
        """Return the calibrated model."""
        numbers = self._phase.run_cache.dataset.target.kind == "regression"
        if model.members or numbers:
            return self._with(model, self._fit(model))
        trial, runner = model.trial, self._phase.runner
        size = trial.input_size
        network = load_network(runner.run_cache, trial.arm.backbone, model.weights, input_size=size).model
        if not can_scale(network):
            why = "the classifier is not a linear layer that it could be folded into"
            return replace(model, temperature=Temperature(why=why))
        calibrated = self._with(model, self._fit(model))
        if not calibrated.temperature.kept:
            return calibrated
        scaled = scale_head(network, 1 / calibrated.temperature.value)
        weights = save_weights(runner.folder / "calibrated.safetensors", scaled)
        return replace(calibrated, weights=weights)

    @staticmethod
    def _with(model: FinalModel, found: Calibrated) -> FinalModel:
        if isinstance(found, PredictionIntervals):
            return replace(model, intervals=found)
        return replace(model, temperature=found)

    def _fit(self, model: FinalModel) -> Calibrated:
        """Fit the calibration on folds of the first repeat.

        An image must not be in both halves of the validation images.
        """
        phase, outputs = self._phase, model.outputs
        folds = [fold for fold in outputs if fold < phase.history.folds_per_repeat]
        return phase.run_cache.target.calibrate(
            np.concatenate([outputs[fold].outputs for fold in folds]),
            np.concatenate([phase.history.targets[fold] for fold in folds]),
            seed=derive(phase.options.seed, "temperature"),
            independent=phase.independent_folds(model.trial.arm.backbone),
        )
