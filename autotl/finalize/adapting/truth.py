"""Evaluate on labelled images of the place of use, for the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.adaptation.result import Adaptation
from autotl.clock import OutOfTime
from autotl.errors import FAILURES, RunError, described
from autotl.evaluation import Evaluation, Gain, evaluate, gain
from autotl.finalize.final_model import ComparedModels, FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.seeds import derive
from autotl.trials.trial import Trial

Outputs = NDArray[np.float32]
Rows = NDArray[np.int64]


def with_truth(phase: FinalPhase, model: FinalModel) -> FinalModel:
    """Return the final model, with the true scores of all compared models.

    They are measured on labelled images that the guard has not used. If they cannot be, the reason is given.

    Args:
        phase: The final phase.
        model: The final model.
    """
    place, compared = phase.place, model.adaptation
    if place is None or compared is None:
        return model
    rows = place.halves(phase.options.seed).truth
    if not len(rows):
        return model
    return replace(
        model, adaptation=replace(compared, facts=_facts(phase, place.labels, rows, model, compared))
    )


def _facts(
    phase: FinalPhase, labels: Rows, rows: Rows, model: FinalModel, compared: ComparedModels
) -> Adaptation:
    """Return the decision, with true scores or the reason why there are none."""
    try:
        why = phase.history.metric.why_undefined(labels[rows])
        if not why:
            return _Truth(phase, rows, labels[rows]).added_to(compared, model)
    except OutOfTime:
        why = "there was no time to predict them"
    except RunError:  # a full disk or a lost database: the run can be resumed
        raise
    except FAILURES as error:  # of a metric or an opener: a finished search must not end without a report
        why = described(error)
    return replace(compared.facts, no_truth=why)


class _Truth:
    """The labelled images that the guard has not used."""

    def __init__(self, phase: FinalPhase, rows: Rows, labels: Rows) -> None:
        self._history, self._rows, self._labels = phase.history, rows, labels
        self._end = phase.report_deadline
        self._seed = derive(phase.options.seed, "bootstrap")

    def added_to(self, compared: ComparedModels, model: FinalModel) -> Adaptation:
        """Return the decision, with true scores."""
        facts, after = compared.facts, self._delivered(compared, model)
        unadapted, gained = facts.unadapted, None
        if unadapted is not None or model.adapted:  # else nothing is compared with it
            before = self._outputs(compared, compared.unadapted, "")
            unadapted = unadapted and replace(unadapted, truth=self._evaluation(before))
            if model.adapted and facts.chosen is not None:
                # both as trained on the first fold: a refit is no adaptation
                gained = self._gain(self._outputs(compared, compared.adapted[facts.chosen], ""), before)
        candidates = tuple(
            replace(
                each, truth=self._evaluation(self._outputs(compared, compared.adapted[each.strategy], ""))
            )
            for each in facts.candidates
        )
        return replace(
            facts,
            unadapted=unadapted,
            candidates=candidates,
            truth=self._evaluation(after),
            truth_gain=gained,
        )

    def _outputs(self, compared: ComparedModels, trial: Trial, weights: str) -> Outputs:
        return compared.outputs(trial, weights, rows=self._rows, end=self._end)

    def _delivered(self, compared: ComparedModels, model: FinalModel) -> Outputs:
        """Return the outputs of the final model."""
        temperature = np.float32(model.temperature.value)
        if model.members:
            several = [self._outputs(compared, each.trial, each.weights) for each in model.members]
            shares = [each.share for each in model.members]
            found: Outputs = self._history.target.combine(several, shares) / temperature
            return found
        if model.only_calibrated:  # its network was compared before
            return self._outputs(compared, model.trial, "") / temperature
        return self._outputs(compared, model.trial, model.weights)

    def _evaluation(self, outputs: Outputs) -> Evaluation:
        metric, target = self._history.metric, self._history.target
        return evaluate(self._labels, outputs, target, metric=metric, seed=self._seed)

    def _gain(self, ours: Outputs, theirs: Outputs) -> Gain:
        return gain(
            self._labels,
            ours,
            theirs,
            metric=self._history.metric,
            seed=self._seed,
            target=self._history.target,
        )
