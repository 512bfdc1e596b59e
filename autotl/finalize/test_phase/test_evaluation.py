"""Open the test set once, and measure all for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from autotl.api import Arm, PredictionIntervals, Record
from autotl.backbone import latency_of
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import repeated_test_seconds
from autotl.evaluation import (
    ArmFinding,
    ClassGain,
    Evaluation,
    FinalPredictions,
    Findings,
    Gain,
    SelectionBias,
    TransferSummary,
    calibration_error,
    evaluate,
    gain,
    harmed,
    selection_bias,
    training_gain,
)
from autotl.finalize.adapting.truth import with_truth
from autotl.finalize.export import load_network
from autotl.finalize.final_model import FinalModel, Member
from autotl.finalize.phase import FinalPhase
from autotl.finalize.test_phase.baseline_forecast import baseline_plateau
from autotl.finalize.test_phase.contributions import contributions
from autotl.finalize.test_phase.figure_evidence import with_figure_evidence
from autotl.finalize.test_phase.gap_evidence import gap_reasons
from autotl.finalize.test_phase.prediction_cache import SourceLayers
from autotl.finalize.test_phase.predictions import Outputs, TestPredictions
from autotl.finalize.test_phase.transfer_summary import transfer_summary
from autotl.finalize.tested_trials import best_trials, tested_trials
from autotl.heads import HeadForm, is_portable
from autotl.search.stopping.rule import StoppingContext
from autotl.search.stopping.rules import StoppingRules
from autotl.seeds import derive
from autotl.training import to_device
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import head_in


class EvaluationStep:
    """The step that evaluates the final model and each arm."""

    name = "test evaluation"
    optional = False

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase
        self._source_layers = SourceLayers(phase.run_cache)

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds of testing every network.

        Networks that share the source's layers share a pass, and known features of test images take none. If
        an arm has no score yet, one more pass is expected.
        """
        phase, run_cache = self._phase, self._phase.run_cache
        images, seconds, repeats = len(phase.locked), 0.0, 0.0
        if len(best_trials(history)) < phase.arms:
            paces = [
                each.pace.seconds(images, input_size=each.input_size) for each in run_cache.backbones.values()
            ]
            seconds += POLICY.margin * max(paces)
        shared: dict[tuple[str, int], float] = {}
        for trial in _tested(phase, history):
            once, backbone = phase.pass_seconds(trial, images), trial.arm.backbone
            if self._source_layers.are_kept(backbone, str(trial.model)):
                size = trial.input_size or run_cache.backbones[backbone].input_size
                looked = run_cache.extra_features.get((backbone, size))
                new = 1.0 if looked is None else max(0.0, 1 - len(looked[0]) / max(1, images))
                shared[backbone, trial.input_size] = POLICY.margin * once * new
            else:
                seconds += POLICY.margin * once
                repeats += once * (len(trial.models) - 1)
        return (
            seconds
            + sum(shared.values())
            + min(repeats, (1 + len(phase.additional)) * repeated_test_seconds(phase.budget))
        )

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with its findings."""
        tested = _with_findings(self._phase, model, TestPredictions(self._phase, model))
        return with_truth(self._phase, tested)


def _with_findings(phase: FinalPhase, model: FinalModel, predictions: TestPredictions) -> FinalModel:
    evaluation = _Evaluation(phase, model, predictions)
    transfer_gain, harmed = evaluation.transfer_gain()
    bias, gains = evaluation.selection_bias(), evaluation.gains(transfer_gain)
    plateau = baseline_plateau(phase.history, phase.baselines, evaluation.test_scores(), gains)
    history, final = phase.history, predictions.of_final_model()
    transfer, baseline, winner = predictions.transfer, predictions.baseline, model.trial
    served = model.members or (Member(winner, model.weights, 1.0),)
    heads, plugin_heads = _heads(phase, served)
    findings = Findings(
        winner=_with_notes(history.record(winner), model.refit_notes),
        refit=model.refit,
        refit_failure=model.refit_failure,
        input_size=winner.input_size,
        test=evaluation.score(final, intervals=model.intervals),
        arms=evaluation.arm_findings(),
        transfer=history.record(transfer) if transfer else None,
        baseline=history.record(baseline) if baseline else None,
        transfer_gain=transfer_gain,
        why_no_gain="" if transfer_gain else _why_no_gain(phase, transfer),
        negative_transfer_classes=harmed,
        search_gain=evaluation.search_gain(),
        transfer_summary=_transfer_summary(phase, winner.arm, model.weights),
        images_per_second=predictions.images_per_second,
        predictions=FinalPredictions(predictions.rows, final),
        selection_bias=bias,
        gap_reasons=gap_reasons(phase, winner, bias, predictions.rows),
        soup=model.soup,
        temperature=model.temperature,
        intervals=model.intervals,
        calibration_error_before=evaluation.uncalibrated_error(final, model.temperature.value),
        ensemble=model.ensemble,
        latency=_latency(phase, served) * (1 + model.mirrors),
        size=sum(Path(each.weights).stat().st_size for each in served),
        plateau=plateau,
        heads=heads,
        plugin_heads=plugin_heads,
    )
    findings = with_figure_evidence(replace(findings, tta=model.tta), phase, model, predictions)
    return replace(model, findings=replace(findings, contributions=contributions(phase, predictions)))


def _tested(phase: FinalPhase, history: TrialHistory) -> list[Trial]:
    """Return the trials to test, with both sides of each comparison."""
    tested = tested_trials(history, phase.budget)
    compared = phase.compared_trials() if phase.additional else []
    return tested + [each for each in compared if all(each.model != other.model for other in tested)]


def _transfer_summary(phase: FinalPhase, arm: Arm, weights: str) -> TransferSummary:
    return transfer_summary(phase.run_cache, arm.backbone, weights, from_scratch=arm in phase.baselines)


def _with_notes(record: Record, notes: tuple[str, ...]) -> Record:
    """Return the record with the notes of a refit, if it has any."""
    return replace(record, notes=notes or record.notes)


class _Evaluation:
    """The scores of networks on the test images."""

    def __init__(self, phase: FinalPhase, model: FinalModel, predictions: TestPredictions) -> None:
        self._phase, self._model, self._predictions = phase, model, predictions
        self._targets, self._target = predictions.targets, phase.run_cache.target
        self._metric, self._seed = phase.history.metric, derive(phase.options.seed, "bootstrap")
        self._rules = StoppingRules(StoppingContext(phase.history))

    def score(self, outputs: Outputs, *, intervals: PredictionIntervals | None = None) -> Evaluation:
        """Return the score of a network by its outputs."""
        return evaluate(
            self._targets,
            outputs,
            self._target,
            metric=self._metric,
            seed=self._seed,
            intervals=intervals,
        )

    def uncalibrated_error(self, outputs: Outputs, temperature: float) -> float | None:
        """Return the calibration error without the temperature."""
        return calibration_error(self._targets, outputs * temperature, self._target)

    def test_scores(self) -> dict[Arm, float]:
        """Return the test score of each arm's best trial."""
        best, of = self._predictions.best, self._predictions.of
        return {arm: self._metric(self._targets, of(trial)) for arm, trial in best.items()}

    def transfer_gain(self) -> tuple[Gain | None, tuple[ClassGain, ...]]:
        """Return the gain of transfer, and the classes, labels or ranges that transfer harms."""
        predictions = self._predictions
        transfer, baseline = predictions.transfer, predictions.baseline
        if transfer is None or baseline is None:
            return None, ()
        ours, theirs = predictions.of(transfer), predictions.of(baseline)
        folds = predictions.of_all_folds(transfer, baseline)
        found = training_gain(
            self._targets,
            *folds,
            metric=self._metric,
            seed=self._seed,
            train_images=min(len(fold.train) for fold in self._phase.run_cache.splits.folds),
            target=self._target,
        )
        return found, harmed(self._targets, ours, theirs, self._target)

    def gains(self, transfer_gain: Gain | None) -> dict[Arm, float]:
        """Return the gain of transfer over each baseline.

        For the best baseline it is the verdict's gain.
        """
        scores = self.test_scores()
        transfer, baseline = self._predictions.transfer, self._predictions.baseline
        if transfer is None:
            return {}
        baselines = [arm for arm in self._phase.baselines if arm in scores]
        found = {arm: scores[transfer.arm] - scores[arm] for arm in baselines}
        if transfer_gain and baseline:
            found[baseline.arm] = transfer_gain.value
        return found

    def search_gain(self) -> Gain | None:
        """Return the gain of the best trial over the best default."""
        predictions, default = self._predictions, self._predictions.default
        if default is None:
            return None
        ours, theirs = predictions.of(self._model.searched), predictions.of(default)
        return gain(self._targets, ours, theirs, metric=self._metric, seed=self._seed, target=self._target)

    def selection_bias(self) -> SelectionBias | None:
        """Compare the validation score of the best trial with its test score."""
        history, winner = self._phase.history, self._model.trial
        validated = [
            (history.targets[fold], each.outputs)
            for fold, each in winner.folds.items()
            if fold < history.folds_per_repeat
        ]
        return selection_bias(
            history.record(winner).score,
            validated,
            (self._targets, self._predictions.of(winner)),
            metric=self._metric,
            seed=self._seed,
            target=self._target,
        )

    def arm_findings(self) -> dict[Arm, ArmFinding]:
        """Return the findings on each arm, and on the chosen adaptation."""
        found = {arm: self._arm_finding(arm, best) for arm, best in self._predictions.best.items()}
        if self._model.adapted:
            trial = self._model.trial
            record, score = self._phase.history.record(trial), self.score(self._predictions.of(trial))
            found[trial.arm] = ArmFinding(record, None, score, "only the defaults of adaptations run")
        return found

    def _arm_finding(self, arm: Arm, best: Trial) -> ArmFinding:
        """Return the findings on an arm."""
        history = self._phase.history
        default = next((history.score(each) for each in history.scored_trials(arm) if each.default), None)
        score = self.score(self._predictions.of(best))
        return ArmFinding(history.record(best), default, score, self._why_stopped(arm, best))

    def _why_stopped(self, arm: Arm, best: Trial) -> str:
        """Return why the arm had no further trials, or ""."""
        if all(each.first_look for each in self._phase.history.scored_trials(arm)):
            return "only a first look: a longer training was not promising, or had no time"
        if arm in self._phase.baselines:
            return ""
        return self._rules.arm_reason(arm) or self._rules.fold_reason(best, self._model.searched)


def _heads(phase: FinalPhase, served: Sequence[Member]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the kinds of heads that are not linear, and the kinds among them that need their plugin."""
    forms = [form for each in served if (form := head_in(each.weights))]
    kinds = phase.run_cache.networks.head_kinds
    plugin = {form.spec.kind for form in forms if not is_portable(kinds.kind(form))}
    return tuple(sorted({form.spec.kind for form in forms})), tuple(sorted(plugin))


def _latency(phase: FinalPhase, served: Sequence[Member]) -> float:
    """Return the seconds for one image.

    Equal layers, heads and image sizes take the same time.
    """
    known: dict[tuple[str, int, HeadForm | None], float] = {}
    found = 0.0
    for each in served:
        backbone, size = each.trial.arm.backbone, each.trial.input_size
        kind = backbone, size, head_in(each.weights)
        if kind not in known:
            model = load_network(phase.run_cache, backbone, each.weights, input_size=size).model
            placed = to_device(model, phase.run_cache.device)
            known[kind] = latency_of(placed, input_size=size, clock=phase.clock)
        found += known[kind]
    return found


def _why_no_gain(phase: FinalPhase, transfer: Trial | None) -> str:
    if transfer is None:
        return "no transfer strategy finished a trial"
    if not phase.baselines:
        return "no baseline that trains from scratch was among the strategies"
    trials = phase.history.trials.values()
    reasons = [trial.why for trial in trials if trial.arm in phase.baselines and trial.why]
    return reasons[0] if reasons else "the budget ended before the baseline had scored an epoch"
