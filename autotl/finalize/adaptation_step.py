"""Adapt the model to the place of use, if a guard agrees."""

from __future__ import annotations

from dataclasses import replace

from autotl.adaptation.result import Adaptation, Candidate
from autotl.adaptation.rule import decide, differs
from autotl.budget.policy import POLICY
from autotl.clock import Deadline, OutOfTime
from autotl.errors import FAILURES, RunError, described
from autotl.evaluation import Ensemble, Soup
from autotl.finalize.adapting.comparison import Comparison, PlaceFeatures
from autotl.finalize.adapting.place_outputs import PlaceOutputs
from autotl.finalize.adapting.training import plan_adaptations, train_adaptations
from autotl.finalize.final_model import ComparedModels, FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.preparation.additional.place_of_use import PlaceOfUse
from autotl.progress import report_progress
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial


class AdaptationStep:
    """The step that tries to adapt the model.

    It does nothing without images of the place of use. Each strategy that adapts is trained once on the first
    fold, with the backbone of the winner. A guard compares these models with the unadapted one on images of
    the place of use. Adapting is never a default: it can destroy a model.
    """

    name = "adaptation"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase
        self._seconds: dict[str, float] = {}  # asked after each trial, and found by asking each strategy
        self._first = next(iter(phase.run_cache.backbones))
        self._seconds_on(self._first)  # a wrong setting ends the run before the search

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of all trainings and passes."""
        budget, transfer = self._phase.budget.seconds, self._phase.best_of_both_sides()[0]
        if budget is None:
            return 0.0
        backbone = self._first if transfer is None else transfer.arm.backbone
        return min(POLICY.adaptation * budget, POLICY.margin * self._seconds_on(backbone))

    def _seconds_on(self, backbone: str) -> float:
        """Return the seconds of all adaptations of a backbone, and of their passes."""
        phase, place = self._phase, self._phase.place
        if place is None:
            return 0.0
        if backbone not in self._seconds:
            planned, _ = plan_adaptations(phase, phase.adaptations, backbone)
            facts = phase.run_cache.backbones[backbone]
            once = facts.pace.seconds(len(place.images.used), input_size=facts.input_size)
            trained = sum(each.seconds for each in planned)
            self._seconds[backbone] = trained + (2 + len(planned)) * once if planned else 0.0
        return self._seconds[backbone]

    def run(self, model: FinalModel) -> FinalModel:
        """Return the adapted model, or the same one with the reason."""
        phase, place = self._phase, self._phase.place
        if place is None:
            return model
        report_progress("comparing the place of use with the training images")
        compared = _compared(phase, place, model.trial)
        model, chosen = replace(model, adaptation=compared), compared.facts.chosen
        if chosen is None:
            return model
        trial, why = compared.adapted[chosen], f"the model is adapted by {chosen}"
        return replace(
            model,
            trial=trial,
            weights=str(trial.model),
            outputs=trial.folds,
            soup=Soup(why=why),
            ensemble=model.ensemble and Ensemble(why=why),
        )


def unadapted(phase: FinalPhase, winner: Trial, why: str) -> ComparedModels | None:
    """Return the comparison of a run that cannot adapt.

    Args:
        phase: The final phase.
        winner: The best trial.
        why: Why nothing is adapted, without a full stop.

    Returns:
        The comparison; None without images of the place of use.
    """
    if phase.place is None:
        return None
    outputs = PlaceOutputs(phase.runner.run_cache, phase.place.images)
    return ComparedModels(Adaptation(why), winner, outputs.of)


def _compared(phase: FinalPhase, place: PlaceOfUse, winner: Trial) -> ComparedModels:
    """Return the comparison; it chooses nothing after a failure."""
    outputs = PlaceOutputs(phase.runner.run_cache, place.images)
    found = ComparedModels(Adaptation(""), winner, outputs.of)
    try:
        return _compare(phase, place, outputs, found)
    except RunError:  # a full disk or a lost database: the run can be resumed
        raise
    except FAILURES as error:  # of a metric or an opener: a finished search must not end without a report
        return _refused(found, f"the images could not be compared ({described(error)})")


def _compare(
    phase: FinalPhase, place: PlaceOfUse, outputs: PlaceOutputs, found: ComparedModels
) -> ComparedModels:
    """Train the adaptations, and decide between them."""
    winner = found.unadapted
    transfer = phase.best_of_both_sides()[0] if winner.arm in phase.baselines else winner
    if transfer is None:
        return _refused(found, "no transferred model could be adapted")
    end = Deadline(phase.clock, min(phase.clock.now() + _seconds_for_all(phase), phase.report_deadline.at))
    try:
        features = PlaceFeatures.of(phase, outputs, transfer.arm.backbone, end)
        difference = features.difference(phase.options.seed)
        found = replace(found, facts=replace(found.facts, difference=difference))
        if not differs(difference):
            return _refused(found, "the images do not differ measurably from the training images")
        weights = features.validation_weights(phase.options.seed)
        comparison = Comparison(phase, place, outputs, weights)
        before = comparison.candidate(winner, end)
    except OutOfTime:
        return _refused(found, "there was no time to compare the images")
    facts = replace(found.facts, unadapted=before, slice_images=comparison.slice_images)
    return _decided(phase, comparison, replace(found, facts=facts), transfer.arm.backbone, end)


def _seconds_for_all(phase: FinalPhase) -> float:
    """Return the time limit of all adaptations."""
    if phase.budget.seconds is not None:
        return POLICY.adaptation * phase.budget.seconds
    searched = sum(trial.seconds for trial in phase.history.trials.values())  # a resumed run has them too
    return max(POLICY.adaptation_seconds, POLICY.adaptation_of_search * searched)


def _decided(
    phase: FinalPhase, comparison: Comparison, found: ComparedModels, backbone: str, end: Deadline
) -> ComparedModels:
    """Train and score the adaptations, and decide."""
    trained = train_adaptations(phase, phase.adaptations, backbone, end)
    candidates: list[Candidate] = []
    adapted: dict[str, Trial] = {}
    for trial in trained.trials:
        name = trial.arm.strategy
        try:
            candidates.append(comparison.candidate(trial, end, over=found.unadapted))
            adapted[name] = trial
        except OutOfTime:
            trained.untried[name] = "there was no time to score it"
    before = found.facts.unadapted
    assert before is not None
    decision = decide(
        before,
        candidates,
        accuracy_scale=phase.history.accuracy_scale,
        images=comparison.images,
        slice_has_all_classes=comparison.slice_has_all_classes,
    )
    facts = replace(
        found.facts,
        reason=decision.reason,
        chosen=None if decision.chosen is None else decision.chosen.strategy,
        candidates=tuple(candidates),
        untried=trained.untried,
    )
    return replace(found, facts=facts, adapted=adapted)


def _refused(found: ComparedModels, why: str) -> ComparedModels:
    return replace(found, facts=replace(found.facts, reason=why))
