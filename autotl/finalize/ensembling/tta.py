"""Test-time augmentation: average over mirror images, if validation agrees."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from autotl.api import FoldScore
from autotl.budget.policy import POLICY
from autotl.evaluation import Tta
from autotl.finalize.ensembling.ensemble import ROUNDING
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.modalities import modality_named
from autotl.results import mean_outputs
from autotl.training import forward_in_batches
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.trial_workbench import TrialWorkbench

PLACE = "the model is compared on images of the place of use, in single passes"
NO_VIEWS = "its inputs have no mirror images"
ENSEMBLE = "an ensemble averages several networks already"
LATENCY = "it takes twice the time, and a limit on the latency was given"
TIME = "the time was up"
REFUSED = "it does not beat the single pass in validation by more than the standard error"


class TtaStep:
    """The step that averages over mirror images if that is better.

    The outputs of the last layer are averaged. The mean commutes with the temperature and with the units of
    numbers, so that both can stay in the network.
    """

    name = "test-time augmentation"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of the further validation and test passes."""
        best = history.best()
        if best is None or not self._phase.options.tta or self._why_not():
            return 0.0
        images = sum(len(history.targets[fold]) for fold in self._folds(best, history))
        return POLICY.margin * self._phase.pass_seconds(best, images + len(self._phase.locked))

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with the decision, averaged if clearly better."""
        if not self._phase.options.tta:
            return model
        why = ENSEMBLE if model.members else self._why_not()
        if why:
            return replace(model, tta=Tta(why=why))
        averaged = self._averaged(model)
        if not averaged:
            return replace(model, tta=Tta(why=TIME))
        facts = self._compare(model, averaged)
        return replace(model, tta=facts, outputs=averaged if facts.kept else model.outputs)

    def _why_not(self) -> str:
        """Return why nothing is compared, or ""."""
        if "mirror" not in modality_named(self._phase.run_cache.dataset.modality).augmentations:
            return NO_VIEWS
        if self._phase.place is not None:
            return PLACE
        return LATENCY if self._phase.options.limits.latency is not None else ""

    def _folds(self, trial: Trial, history: TrialHistory) -> list[int]:
        """Return the folds of the first repeat whose networks are on disk."""
        return [
            fold
            for fold in sorted(trial.folds.keys() & trial.models.keys())
            if fold < history.folds_per_repeat and Path(trial.models[fold]).is_file()
        ]

    def _averaged(self, model: FinalModel) -> Mapping[int, FoldScore]:
        """Return the scores of the averaged outputs on the folds that there is time for.

        The network that is refitted on all images has no validation images. The networks of the folds stand
        for it.
        """
        phase, found = self._phase, dict[int, FoldScore]()
        tests = POLICY.margin * 2 * phase.pass_seconds(model.trial, len(phase.locked))
        end, last = phase.end - POLICY.report_seconds - tests, 0.0
        if model.soup.kept:
            files = {0: model.weights}
        else:
            files = {fold: model.trial.models[fold] for fold in self._folds(model.trial, phase.history)}
        for fold, file in files.items():
            started = phase.clock.now()
            if started + last > end:
                break
            found[fold] = self._mean(model, fold, file)
            last = phase.clock.now() - started
        return found

    def _mean(self, model: FinalModel, fold: int, file: str) -> FoldScore:
        """Return the score of a fold's network, averaged over images and their mirror images."""
        runner, trial, single = self._phase.runner, model.trial, model.outputs[fold]
        run_cache, name, started = runner.run_cache, trial.arm.backbone, self._phase.clock.now()
        bench = TrialWorkbench(
            run_cache,
            runner.task,
            run_cache.backbones[name],
            run_cache.splits.folds[fold],
            seed=0,
            metric=runner.metric,
        )
        mirrored = forward_in_batches(
            run_cache.networks.saved(name, file).eval(),
            bench.inputs(input_size=trial.input_size).val,
            to_batch=lambda pixels: bench.to_batch(pixels.flip(-1)),
            device=bench.device,
        )
        outputs = mean_outputs(single.outputs, mirrored.numpy())
        score = self._phase.history.metric(self._phase.history.targets[fold], outputs)
        return replace(single, score=score, outputs=outputs, seconds=self._phase.clock.now() - started)

    def _compare(self, model: FinalModel, averaged: Mapping[int, FoldScore]) -> Tta:
        """Return whether the averaged outputs are better by more than one standard error."""
        history, trial = self._phase.history, model.trial
        single = {fold: model.outputs[fold] for fold in averaged}
        gain = float(np.mean([averaged[fold].score - single[fold].score for fold in averaged]))
        images = sum(len(history.targets[fold]) for fold in averaged)
        both, one = (
            Trial(number, trial.arm, {}, 0, False, folds=dict(folds))
            for number, folds in ((-1, averaged), (-2, single))
        )
        # about a mean of 0: about its own mean, one image more would always be one standard error or more
        se = math.hypot(history.metric_standard_error(both, one), gain / math.sqrt(images))
        kept = gain - se > ROUNDING * history.accuracy_scale
        return Tta(kept, gain, se, images, "" if kept else REFUSED)
