"""Evaluate on labelled images of the place of use, for the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.adaptation.result import Adaptation
from autotl.evaluation import Evaluation, Gain, evaluate, gain
from autotl.finalize.final_model import ComparedModels, FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.seeds import derive

Outputs = NDArray[np.float32]


def with_truth(phase: FinalPhase, model: FinalModel) -> FinalModel:
    """Return the final model, with the true scores of all compared models.

    They are measured on labelled images that the guard has not used.

    Args:
        phase: The final phase.
        model: The final model.
    """
    place, compared = phase.place, model.adaptation
    if place is None or compared is None:
        return model
    rows = place.halves(phase.options.seed).truth
    labels = place.labels[rows]
    if not len(rows) or phase.history.metric.why_undefined(labels):
        return model
    facts = _Truth(phase, rows, labels).added_to(compared, model)
    return replace(model, adaptation=replace(compared, facts=facts))


class _Truth:
    """The labelled images that the guard has not used."""

    def __init__(self, phase: FinalPhase, rows: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        self._history, self._rows, self._labels = phase.history, rows, labels
        self._seed = derive(phase.options.seed, "bootstrap")

    def added_to(self, compared: ComparedModels, model: FinalModel) -> Adaptation:
        """Return the decision, with true scores."""
        facts, outputs = compared.facts, compared.outputs
        before, after = outputs(compared.unadapted, ""), self._delivered(compared, model)
        unadapted = facts.unadapted and replace(facts.unadapted, truth=self._evaluation(before))
        candidates = tuple(
            replace(each, truth=self._evaluation(outputs(compared.adapted[each.strategy], "")))
            for each in facts.candidates
        )
        return replace(
            facts,
            unadapted=unadapted,
            candidates=candidates,
            truth=self._evaluation(after),
            truth_gain=self._gain(after, before) if model.adapted else None,
        )

    def _delivered(self, compared: ComparedModels, model: FinalModel) -> Outputs:
        """Return the outputs of the final model for all images."""
        temperature = np.float32(model.temperature.value)
        if model.members:
            several = [compared.outputs(each.trial, each.weights) for each in model.members]
            shares = [each.share for each in model.members]
            found: Outputs = self._history.target.combine(several, shares) / temperature
            return found
        if model.only_calibrated:  # its network was compared before
            return compared.outputs(model.trial, "") / temperature
        return compared.outputs(model.trial, model.weights)

    def _evaluation(self, outputs: Outputs) -> Evaluation:
        metric, target = self._history.metric, self._history.target
        return evaluate(self._labels, outputs[self._rows], target, metric=metric, seed=self._seed)

    def _gain(self, ours: Outputs, theirs: Outputs) -> Gain:
        return gain(
            self._labels,
            ours[self._rows],
            theirs[self._rows],
            metric=self._history.metric,
            seed=self._seed,
            target=self._history.target,
        )
