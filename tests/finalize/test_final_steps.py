"""The final model: a soup only if it scores better, and the temperature inside the classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file

from autotl.api import Arm, FoldScore, HeadSetting, Learner, Params, PixelScale, Workbench
from autotl.backbone import ends_linear, heads, scale_head
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import expected_refit_gain
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.clock import Budget
from autotl.data import render, view_of
from autotl.errors import WeightsError
from autotl.finalize import final_steps
from autotl.finalize.export import export_trial
from autotl.finalize.final_model import FinalModel
from autotl.finalize.model_soup import ModelSoup, can_mix, compatible_trials, mix
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.finalize.refit import Refit
from autotl.finalize.reserve import reserve
from autotl.finalize.test_phase.test_evaluation import EvaluationStep
from autotl.pipeline.prepare import Prepared
from autotl.results import load_model
from autotl.seeds import derive
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import save_weights
from tests.support.phases import chosen, phase_of, runner_of

SIDE = 32
ENDLESS = float("inf")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    return runner_of(ready, tmp_path / "trials")


def probed(history: TrialHistory, worker: TrialRunner, number: int, c: float) -> Trial:
    params = {"C": c, "standardise": True, "class_weight": "none", "image_size": SIDE}
    trial = Trial(number, Arm("linear_probe", "tiny"), params, 0, number == 0)
    outcome = worker(trial.job((0,)), lambda job, said: None)
    history.add(trial, outcome, now=float(number))
    return trial


def changed(
    history: TrialHistory,
    worker: TrialRunner,
    like: Trial,
    number: int,
    change: dict[str, torch.Tensor] | float,
) -> Trial:
    """Add a trial with another trial's network, changed by tensors or by noise in its classifier."""
    model = worker.run_cache.networks.new("tiny")
    model.load_state_dict(load_file(str(like.model)))
    if isinstance(change, dict):
        model.load_state_dict(change, strict=False)
    else:
        draw = torch.Generator().manual_seed(number)
        for value in heads(model)[0].parameters():
            value.data += change * torch.randn(value.shape, generator=draw)
    file = save_weights(worker.folder / f"{number}.safetensors", model)
    trial = Trial(
        number, like.arm, {"n": number}, 0, False, dict(like.folds), models={0: file}, input_size=SIDE
    )
    history.trials[number] = trial
    return trial


def test_a_soup_of_equal_networks_is_the_network(ready: Prepared, worker: TrialRunner) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 0.01)
    changed(history, worker, winner, 1, {})
    found = mix(phase_of(ready, worker, history), winner, required=-1.0, seconds=ENDLESS)
    assert set(found.soup.trials) == {0, 1}
    assert found.soup.gain == 0
    assert found.soup.kept  # because the required gain is negative
    mixed, own = load_file(found.weights), load_file(str(winner.model))
    assert all(torch.equal(mixed[name], value) for name, value in own.items())
    assert not mix(phase_of(ready, worker, history), winner, required=0.0, seconds=ENDLESS).soup.kept


def test_a_network_that_lowers_the_score_is_left_out(ready: Prepared, worker: TrialRunner) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 0.01)
    head = heads(worker.run_cache.networks.new("tiny"))[0]
    own = load_file(str(winner.model))
    name = next(name for name, value in own.items() if value.shape == head.weight.shape)
    changed(history, worker, winner, 1, {name: -3 * own[name]})
    found = mix(phase_of(ready, worker, history), winner, required=0.0, seconds=ENDLESS)
    assert (found.soup.kept, found.soup.trials, found.soup.tried) == (False, (), 2)
    assert "without a loss" in found.soup.why


def test_a_soup_that_beats_the_winner_replaces_the_refit(
    ready: Prepared, worker: TrialRunner, tmp_path: Path
) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    good = probed(history, worker, 0, 0.1)
    # two networks that are wrong in opposite ways: their mean is right
    model = worker.run_cache.networks.new("tiny")
    model.load_state_dict(load_file(str(good.model)))
    weight = heads(model)[0].weight.detach()
    own = load_file(str(good.model))
    name = next(name for name, value in own.items() if value.shape == weight.shape)
    noise = 20 * weight.std() * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    pair = [changed(history, worker, good, n, {name: own[name] + s * noise}) for n, s in ((1, 1), (2, -1))]
    del history.trials[0]
    labels = history.targets[0]
    for trial in pair:
        logits = np.eye(3, dtype=np.float32)[(labels + (np.arange(len(labels)) % 2)) % 3]
        trial.folds = {0: FoldScore(0, float((logits.argmax(1) == labels).mean()), logits, 1.0, 1)}
    phase = phase_of(ready, worker, history)
    delivery = chosen(phase, pair[0])
    assert delivery.soup.kept, delivery.soup
    assert sorted(delivery.soup.trials) == [1, 2]
    assert not delivery.refit
    assert not delivery.only_calibrated
    assert expected_refit_gain(history, pair[0], phase.budget) == delivery.soup.due
    mixed = load_file(delivery.weights)
    assert torch.allclose(mixed[name] * delivery.temperature.value, own[name], atol=1e-3)
    assert chosen(phase, pair[0], interrupted=True).weights != delivery.weights


class Noting(LinearProbe):
    """Notes the seed, which differs between a fold and the refit."""

    def build(self, params: Params, workbench: Workbench) -> Learner:
        workbench.note(f"The seed was {workbench.seed}.")
        return super().build(params, workbench)


def test_the_report_has_the_notes_of_the_refitted_network(ready: Prepared, worker: TrialRunner) -> None:
    worker = replace(worker, strategies={**worker.strategies, "linear_probe": Noting()})
    history = TrialHistory(ready.run_cache.fold_targets(), held_out=0.2)
    winner = probed(history, worker, 0, 0.01)
    assert winner.notes == (f"The seed was {derive(0, 0)}.",)
    phase = phase_of(ready, worker, history)
    model = EvaluationStep(phase).run(Refit(phase).run(FinalModel(winner, str(winner.model))))
    assert model.refit
    assert model.findings is not None
    assert model.findings.winner.notes == (f"The seed was {derive(0, 'refit')}.",)


@pytest.mark.parametrize("kind", ["holdout", "given"])
def test_the_refit_learns_from_a_holdout_but_not_from_the_users_own(
    kind: Literal["holdout", "given"], ready: Prepared, worker: TrialRunner
) -> None:
    splits = replace(ready.splits, folds=ready.splits.folds[:1], kind=kind, hash=kind, repeats=1)
    run_cache = RunCache(
        ready.dataset, splits, ready.backbones, ready.run_cache.store, device=ready.run_cache.device
    )
    worker = replace(worker, run_cache=run_cache, activations=ActivationCache(run_cache))
    history = TrialHistory(run_cache.fold_targets(), held_out=splits.held_out)
    winner = probed(history, worker, 0, 0.01)
    delivery = chosen(phase_of(ready, worker, history), winner)
    assert delivery.refit == (kind == "holdout")
    assert delivery.only_calibrated == (kind == "given")
    head = heads(worker.run_cache.networks.new("tiny"))[0].weight
    of_the_fold, of_all = run_cache.linear_heads("tiny", [HeadSetting(0.01)], input_size=SIDE)[:, 0, :, :-1]
    name = next(name for name, value in load_file(delivery.weights).items() if value.shape == head.shape)
    delivered = load_file(delivery.weights)[name] * delivery.temperature.value
    assert torch.allclose(delivered, of_all if kind == "holdout" else of_the_fold, atol=1e-5)
    assert not torch.allclose(of_all, of_the_fold, atol=1e-3)


def test_the_temperature_is_folded_into_the_classifier(
    ready: Prepared, worker: TrialRunner, tmp_path: Path
) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 10.0)
    each = winner.folds[0]
    guesses = np.where(np.arange(len(each.outputs)) % 4 < 3, history.targets[0], (history.targets[0] + 1) % 3)
    loud = 30 * np.eye(3, dtype=np.float32)[guesses]  # three of four right, and sure of them all
    winner.folds = {fold: FoldScore(fold, 0.75, loud, 1.0, 1) for fold in (0,)}
    history.targets = [np.tile(history.targets[0], 5)]
    winner.folds[0] = FoldScore(0, 0.75, np.tile(loud, (5, 1)), 1.0, 1)
    delivery = chosen(phase_of(ready, worker, history), winner, interrupted=True)
    assert delivery.temperature.kept
    assert delivery.temperature.value > 5
    assert delivery.only_calibrated
    export_trial(tmp_path / "plain", ready.run_cache, winner, str(winner.model))
    export_trial(tmp_path / "model", ready.run_cache, winner, delivery.weights)
    view = view_of(ready.backbones["tiny"].config, input_size=SIDE)
    pixels = torch.from_numpy(render(ready.dataset, np.arange(8), view))
    x = ready.run_cache.to_batch("tiny", pixels)
    with torch.inference_mode():
        before, after = (
            timm.create_model(f"local-dir:{tmp_path / name}", pretrained=True).eval()(x)
            for name in ("plain", "model")
        )
    assert torch.allclose(after * delivery.temperature.value, before, atol=1e-5 * before.abs().max().item())
    assert torch.equal(after.argmax(1), before.argmax(1))
    assert load_model(tmp_path / "model").target == ready.dataset.target
    assert load_model(tmp_path / "model").scale == ready.dataset.scale == PixelScale()


def test_a_nonlinear_head_is_not_scaled() -> None:
    model = timm.create_model("levit_128s", pretrained=False)
    assert not ends_linear(model)
    with pytest.raises(WeightsError, match="must be a linear layer"):
        scale_head(model, 0.5)


def test_only_compatible_networks_are_averaged(ready: Prepared, worker: TrialRunner) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 0.01)
    other = changed(history, worker, winner, 1, 0.1)
    larger, scratch, pruned = (changed(history, worker, winner, number, 0.1) for number in (2, 3, 4))
    larger.input_size, scratch.baseline, pruned.state = 64, True, "pruned"
    assert {trial.number for trial in compatible_trials(history, winner)} == {0, 1}
    assert compatible_trials(history, scratch) == []
    one, two = load_file(str(winner.model)), load_file(str(other.model))
    assert can_mix(one, two)
    assert not can_mix({"norm.running_mean": torch.zeros(2)}, {"norm.running_mean": torch.ones(2)})
    assert not can_mix(one, {"other": torch.zeros(1)})


def test_the_time_for_a_soup_is_limited(ready: Prepared, worker: TrialRunner) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 0.01)
    for number in range(1, 4):
        changed(history, worker, winner, number, 0.1)
    once = POLICY.margin * phase_of(ready, worker, history).pass_seconds(winner, len(history.targets[0]))

    def kept(budget: Budget) -> float:
        phase = phase_of(ready, worker, history, FinalOptions(budget))
        return ModelSoup(phase).expected_seconds(history)

    assert kept(Budget(trials=1)) == pytest.approx(3 * once)
    assert kept(Budget(once)) == POLICY.soup * once
    found = mix(phase_of(ready, worker, history), winner, required=0.0, seconds=-1.0)
    assert found.soup.tried == 1


class Polish:
    """A new step."""

    name = "polish"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self.phase = phase

    def expected_seconds(self, history: TrialHistory) -> float:
        return 7.0

    def run(self, model: FinalModel) -> FinalModel:
        return replace(model, weights="polished")


def test_a_new_step_gets_time_runs_and_is_skipped_after_an_interrupt(
    ready: Prepared, worker: TrialRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = TrialHistory(ready.run_cache.fold_targets())
    winner = probed(history, worker, 0, 0.01)
    phase = phase_of(ready, worker, history)
    before = reserve(final_steps.final_steps(phase), history)
    monkeypatch.setattr(final_steps, "STEPS", (*final_steps.STEPS[:5], Polish, final_steps.STEPS[-1]))
    steps = final_steps.final_steps(phase)
    assert reserve(steps, history) == pytest.approx(before + 7.0)
    assert final_steps.choose_model(phase, steps, winner).weights == "polished"
    assert final_steps.choose_model(phase, steps, winner, interrupted=True).weights == winner.model
