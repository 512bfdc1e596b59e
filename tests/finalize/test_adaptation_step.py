"""The model is adapted to the place of use only if the guard finds that this helps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm
from autotl.budget.policy import POLICY
from autotl.clock import Budget
from autotl.errors import ArgumentError, DiskFull
from autotl.finalize.adaptation_step import AdaptationStep, unadapted
from autotl.finalize.adapting import place_outputs
from autotl.finalize.adapting.place_outputs import PlaceOutputs
from autotl.finalize.adapting.training import NUMBER_OFFSET
from autotl.finalize.adapting.truth import with_truth
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.metrics import Metric
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_images, tiny_targets
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from tests.support.adapting import Planted, place, source
from tests.support.additional import ready_with
from tests.support.phases import THREE, chosen, phase_of, runner_of

PROBE: dict[str, Any] = {"C": 1.0, "standardise": True, "class_weight": "none", "image_size": 32}


def prepared(folder: Path, deploy: Any) -> Prepared:
    strategies: dict[str, Any] = {"helps": Planted()}
    return ready_with(folder, source(), strategies=strategies, deploy=deploy)


@pytest.fixture(scope="module")
def unlabelled(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("unlabelled"), place()[0])


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return prepared(tmp_path_factory.mktemp("labelled"), place())


def phase_with(
    ready: Prepared, folder: Path, *names: str, options: FinalOptions = THREE, seconds: float = 0.1
) -> tuple[FinalPhase, Trial]:
    """Return a final phase with a trained linear probe, and planted adaptations."""
    planted: dict[str, Any] = {name: Planted(name, seconds) for name in names}
    runner = runner_of(ready, folder / "trials")
    runner = replace(runner, strategies={**runner.strategies, **planted})
    history = TrialHistory(ready.run_cache.fold_targets(), repeats=ready.splits.repeats)
    winner = Trial(0, Arm("linear_probe", "tiny"), PROBE, 0, True)
    outcome = runner(winner.job((0,)), lambda job, said: None)
    assert outcome.state == "complete", outcome.why
    history.add(winner, outcome, now=0.0)
    phase = phase_of(ready, runner, history, options)
    return replace(phase, place=ready.place, adaptations=planted, with_test=ready.run_cache), winner


def adapted(phase: FinalPhase, winner: Trial) -> FinalModel:
    return AdaptationStep(phase).run(FinalModel(winner, str(winner.model), outputs=winner.folds))


def test_an_adaptation_that_helps_replaces_the_trial(unlabelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(unlabelled, tmp_path, "helps", "destroys")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.chosen == "helps", facts.reason
    assert model.adapted
    assert model.trial.arm == Arm("helps", "tiny")
    assert model.trial.number >= NUMBER_OFFSET
    assert (model.weights, model.outputs) == (model.trial.model, model.trial.folds)
    assert model.searched is winner
    assert model.soup.why == "the model is adapted by helps"
    assert {each.strategy for each in facts.candidates} == {"helps", "destroys"}
    assert facts.difference is not None
    assert facts.difference.p < 0.05


def test_a_destroyed_model_is_refused_with_the_reason(unlabelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(unlabelled, tmp_path, "destroys")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    assert model.adaptation.facts.chosen is None
    assert model.adaptation.facts.reason == "destroys: it loses too much on the source validation images"
    assert (model.trial, model.weights) == (winner, winner.model)
    assert not model.adapted


def test_a_labelled_slice_unmasks_a_confident_but_wrong_model(labelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(labelled, tmp_path, "swaps")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.slice_images == 30
    assert facts.reason == "the best adaptation, swaps, is not measurably better on 30 labelled images"
    (swapped,) = facts.candidates
    assert facts.unadapted is not None
    assert swapped.scores.mutual_information > facts.unadapted.scores.mutual_information
    assert swapped.slice is not None
    assert swapped.slice < 0.2


def test_the_slice_chooses_what_is_measurably_better(labelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(labelled, tmp_path, "swaps", "helps")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.chosen == "helps"
    assert facts.reason == "it is measurably better than the unadapted model on 30 labelled images"


def test_images_of_the_same_place_are_not_adapted_to(tmp_path: Path) -> None:
    same = tiny_images(classes=3, each=20, noise=0.3, seed=9)[0]
    phase, winner = phase_with(prepared(tmp_path / "cache", same), tmp_path, "helps")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.reason == "the images do not differ measurably from the training images"
    assert (facts.chosen, facts.candidates) == (None, ())
    assert facts.difference is not None
    assert facts.difference.p >= 0.05


def test_the_truth_is_measured_on_images_that_the_guard_has_not_used(
    labelled: Prepared, tmp_path: Path
) -> None:
    phase, winner = phase_with(labelled, tmp_path, "helps", "destroys")
    model = with_truth(phase, adapted(phase, winner))
    assert model.adaptation is not None
    assert labelled.place is not None
    facts, halves = model.adaptation.facts, labelled.place.halves(0)
    labels = labelled.place.labels[halves.truth]
    assert facts.truth is not None
    assert facts.unadapted is not None
    assert facts.unadapted.truth is not None
    assert facts.truth.n == len(labels) == 30
    for trial, candidate in ((winner, facts.unadapted), (model.trial, facts.candidates[0])):
        outputs = model.adaptation.outputs(trial, "")[halves.truth]
        assert candidate.truth is not None
        assert candidate.truth.value == pytest.approx(np.mean(outputs.argmax(1) == labels))
    assert facts.truth.value > 0.9
    assert facts.truth_gain is not None
    assert facts.truth_gain.value == pytest.approx(facts.truth.value - facts.unadapted.truth.value)


def test_without_an_adaptation_there_is_a_truth_and_no_gain(labelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(labelled, tmp_path, "destroys")
    model = with_truth(phase, adapted(phase, winner))
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.truth is not None
    assert facts.unadapted is not None
    assert facts.unadapted.truth is not None
    assert facts.truth.value == facts.unadapted.truth.value
    assert facts.truth_gain is None


def test_a_failed_adaptation_is_listed(unlabelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(unlabelled, tmp_path, "fails")
    model = adapted(phase, winner)
    assert model.adaptation is not None
    assert model.adaptation.facts.untried == {"fails": "ValueError: planted"}
    assert model.adaptation.facts.reason == "no adaptation was trained"


def test_time_is_kept_up_to_the_share(unlabelled: Prepared, tmp_path: Path) -> None:
    budget = FinalOptions(Budget(seconds=1000.0))
    phase, _ = phase_with(unlabelled, tmp_path, "helps", "swaps", options=budget, seconds=10.0)
    kept = AdaptationStep(phase).expected_seconds(phase.history)
    assert kept >= POLICY.margin * 20
    assert kept < POLICY.adaptation * 1000
    slow, _ = phase_with(unlabelled, tmp_path, "helps", "swaps", options=budget, seconds=500.0)
    assert AdaptationStep(slow).expected_seconds(slow.history) == POLICY.adaptation * 1000
    assert AdaptationStep(replace(slow, place=None)).expected_seconds(slow.history) == 0.0


def test_adaptations_without_time_are_listed(unlabelled: Prepared, tmp_path: Path) -> None:
    budget = FinalOptions(Budget(seconds=1e6))
    phase, winner = phase_with(unlabelled, tmp_path, "helps", options=budget, seconds=1e6)
    model = adapted(phase, winner)
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.chosen is None
    assert "a larger budget has them" in facts.untried["helps"]


def test_all_steps_deliver_the_adapted_model(unlabelled: Prepared, tmp_path: Path) -> None:
    options = replace(THREE, ensemble=True)
    phase, winner = phase_with(unlabelled, tmp_path, "helps", options=options)
    model = chosen(phase, winner)
    assert model.adapted
    assert model.ensemble is not None
    assert (model.soup.kept, model.ensemble.kept, model.members) == (False, False, ())
    assert model.ensemble.why == "the model is adapted by helps"
    stopped = chosen(phase, winner, interrupted=True)
    assert stopped.adaptation is not None
    assert (stopped.adapted, stopped.adaptation.facts.reason) == (False, "the search was interrupted")


def broken(*at: int) -> Metric:
    """Return a metric that fails on so many images."""

    def function(labels: Any, outputs: Any) -> float:
        if len(labels) in at:
            raise ValueError("planted")
        return float(np.mean(outputs.argmax(1) == labels))

    return Metric("broken", function)


def test_a_failing_metric_does_not_end_the_run(labelled: Prepared, tmp_path: Path) -> None:
    phase, winner = phase_with(labelled, tmp_path, "helps")
    phase.history.metric = broken(30)  # the slice and the truth
    model = with_truth(phase, adapted(phase, winner))
    assert model.adaptation is not None
    facts = model.adaptation.facts
    assert facts.reason == "the images could not be compared (ValueError: planted)"
    assert (facts.chosen, facts.truth, facts.no_truth) == (None, None, "ValueError: planted")


def test_a_full_disk_ends_the_run(
    labelled: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase, winner = phase_with(labelled, tmp_path, "helps")

    def fails(*_: Any, **__: Any) -> Any:
        raise DiskFull("planted")

    monkeypatch.setattr(PlaceOutputs, "of", fails)
    with pytest.raises(DiskFull):
        adapted(phase, winner)


def test_without_a_comparison_the_true_score_needs_one_pass_over_its_images(
    labelled: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase, winner = phase_with(labelled, tmp_path, "helps")
    model = FinalModel(
        winner, str(winner.model), outputs=winner.folds, adaptation=unadapted(phase, winner, "no time")
    )
    predicted: list[int] = []
    real = PlaceOutputs._predict

    def counted(self: Any, trial: Any, file: str, rows: Any, end: Any) -> Any:
        predicted.append(len(rows))
        return real(self, trial, file, rows, end)

    monkeypatch.setattr(PlaceOutputs, "_predict", counted)
    found = with_truth(phase, model).adaptation
    assert found is not None
    assert found.facts.truth is not None
    assert predicted == [found.facts.truth.n] == [30]
    late = replace(phase, options=FinalOptions(Budget(seconds=1e-6)))
    outcome = with_truth(late, replace(model, adaptation=unadapted(late, winner, "no time"))).adaptation
    assert outcome is not None
    assert (outcome.facts.truth, outcome.facts.no_truth) == (None, "there was no time to predict them")


def test_without_a_budget_adaptations_may_take_a_part_of_the_search(
    unlabelled: Prepared, tmp_path: Path
) -> None:
    slow = POLICY.adaptation_seconds + 1
    phase, winner = phase_with(unlabelled, tmp_path, "helps", seconds=slow)
    assert phase.budget.seconds is None
    model = adapted(phase, winner)
    assert model.adaptation is not None
    assert "a budget of time has them" in model.adaptation.facts.untried["helps"]
    winner.seconds = 2 * slow / POLICY.adaptation_of_search
    model = adapted(phase, winner)
    assert model.adaptation is not None
    assert model.adaptation.facts.chosen == "helps"


@pytest.mark.parametrize(("kind", "given"), [("multi_label", "several labels"), ("regression", "numbers")])
def test_other_kinds_of_targets_are_refused_early(kind: Any, given: str, tmp_path: Path) -> None:
    strategies: dict[str, Any] = {"helps": Planted()}
    with pytest.raises(ArgumentError, match=rf"deploy needs one class .*\(these have {given}\)"):
        ready_with(tmp_path, tiny_targets(kind), strategies=strategies, deploy=place()[0])


def test_linear_heads_on_frozen_features_share_a_pass(
    unlabelled: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase, winner = phase_with(unlabelled, tmp_path)
    assert phase.place is not None
    images = phase.place.images
    shared = PlaceOutputs(phase.runner.run_cache, images).of(winner)
    monkeypatch.setattr(place_outputs.SourceLayers, "are_kept", lambda *_: False)
    np.testing.assert_allclose(PlaceOutputs(phase.runner.run_cache, images).of(winner), shared, atol=1e-4)
    monkeypatch.undo()
    monkeypatch.setattr(place_outputs, "forward_in_batches", None)  # no pass of its own
    np.testing.assert_array_equal(PlaceOutputs(phase.runner.run_cache, images).of(winner), shared)
