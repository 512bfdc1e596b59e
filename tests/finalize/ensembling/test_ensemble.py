"""An ensemble is exported if it scores clearly better and satisfies the limits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax

from autotl.api import Arm, FoldScore
from autotl.backbone import heads
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import expected_refit_gain
from autotl.clock import Budget
from autotl.config.limits import Limits
from autotl.evaluation import Soup
from autotl.finalize.ensembling.ensemble import (
    LATENCY_SECONDS,
    EnsembleResult,
    EnsembleStep,
    eligible_trials,
    find_ensemble,
)
from autotl.finalize.ensembling.limits import EnsembleLimits
from autotl.finalize.export import export_model
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalOptions
from autotl.pipeline.prepare import Prepared
from autotl.results import load_predictor
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import save_weights
from tests.support.phases import chosen, phase_of, runner_of

SIDE = 32
ASKED = FinalOptions(Budget(trials=3), ensemble=True)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    return runner_of(ready, tmp_path / "t")


@pytest.fixture
def history(ready: Prepared, worker: TrialRunner) -> TrialHistory:
    """A history of three trials, each wrong on a third of the images, and never sure."""
    labels = [np.tile(each, 6) for each in ready.run_cache.fold_targets()]
    history = TrialHistory(labels, repeats=ready.run_cache.splits.repeats)
    for number, strategy in enumerate(("linear_probe", "finetune", "from_scratch")):
        model = ready.run_cache.networks.new("tiny")
        draw = torch.Generator().manual_seed(number)
        for value in heads(model)[0].parameters():
            value.data = 0.1 * torch.randn(value.shape, generator=draw)
        file = save_weights(worker.folder / f"{number}.safetensors", model)
        input_size = (SIDE, 48, SIDE)[number]
        trial = Trial(number, Arm(strategy, "tiny"), {}, 0, True, models={0: file}, input_size=input_size)
        trial.baseline = strategy == "from_scratch"
        said(history, trial, 0)
        history.trials[number] = trial
    return history


def found_by(
    ready: Prepared,
    worker: TrialRunner,
    history: TrialHistory,
    winner: Trial,
    *,
    required: float = 0.0,
    options: FinalOptions = ASKED,
    soup: FoldScore | None = None,
) -> EnsembleResult:
    """Return the ensemble that is found beside the winner, or beside a soup with these outputs."""
    model = FinalModel(winner, str(winner.model), outputs=winner.folds)
    if soup is not None:
        model = replace(model, soup=Soup(kept=True), outputs={0: soup})
    return find_ensemble(phase_of(ready, worker, history, options), model, required=required)


def said(history: TrialHistory, trial: Trial, fold: int) -> None:
    labels = history.targets[fold]
    wrong = np.arange(len(labels)) % 3 == trial.number
    logits = 2 * np.eye(3, dtype=np.float32)[np.where(wrong, (labels + 1) % 3, labels)]
    score = float((logits.argmax(1) == labels).mean())
    trial.folds[fold] = FoldScore(fold, score, logits, 1.0, 1)


def test_an_ensemble_of_complementary_trials_replaces_the_refit(
    ready: Prepared, worker: TrialRunner, history: TrialHistory, tmp_path: Path
) -> None:
    winner = history.trials[1]
    delivery = chosen(phase_of(ready, worker, history, ASKED), winner)
    facts = delivery.ensemble
    assert facts is not None
    assert facts.kept, facts
    assert (set(facts.trials), facts.trials[0]) == ({0, 1, 2}, 1)  # one from scratch is among them
    assert facts.gain == pytest.approx(1 - winner.folds[0].score)
    assert facts.due == expected_refit_gain(history, winner, ASKED.budget)
    assert facts.images == len(history.targets[0])
    assert not delivery.refit
    assert delivery.weights == winner.model
    export_model(tmp_path / "model", ready.run_cache, delivery)
    together = load_predictor(tmp_path / "model", device="cpu")
    rows = np.arange(6)
    alone = []
    for each in delivery.members:
        one = replace(delivery, trial=each.trial, weights=each.weights, members=())
        export_model(tmp_path / "one", ready.run_cache, one)
        alone.append(
            each.share
            * softmax(load_predictor(tmp_path / "one", device="cpu").outputs(ready.dataset, rows), 1)
        )
    cooled = together.outputs(ready.dataset, rows) * delivery.temperature.value
    assert np.allclose(softmax(cooled, axis=1), sum(alone), atol=1e-5)


def test_there_is_no_ensemble_unrequested_or_after_an_interrupt(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    winner = history.trials[0]
    plain = phase_of(ready, worker, history)
    assert chosen(plain, winner, interrupted=True).ensemble is None
    hasty = chosen(phase_of(ready, worker, history, ASKED), winner, interrupted=True)
    assert hasty.members == ()
    assert hasty.ensemble is not None
    assert "interrupted" in hasty.ensemble.why


def test_trials_with_equal_outputs_form_no_ensemble(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    for trial in history.trials.values():
        trial.folds = {0: history.trials[0].folds[0]}
    found = found_by(ready, worker, history, history.trials[0], required=0.0)
    assert (found.members, found.ensemble.kept, found.ensemble.tried) == ((), False, 3)
    assert "no other network" in found.ensemble.why


def test_it_must_beat_the_required_gain_and_one_standard_error(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    winner = history.trials[0]
    found = found_by(ready, worker, history, winner, required=0.0).ensemble
    assert found.gain is not None
    assert found.se is not None
    assert found.gain > found.se
    edge = found.gain - found.se
    assert found_by(ready, worker, history, winner, required=edge - 1e-6).ensemble.kept
    beyond = found_by(ready, worker, history, winner, required=edge + 1e-6)
    assert not beyond.members
    assert len(beyond.ensemble.trials) > 1
    assert "expected gain of a refit" in beyond.ensemble.why


def test_one_more_correct_image_is_not_enough(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    winner, labels = history.trials[0], history.targets[0]
    for trial, wrong, firm in zip(history.trials.values(), ([0, 1], [0], [0, 1]), (1, 3, 1), strict=True):
        logits = 2 * firm * np.eye(3, dtype=np.float32)[labels]
        logits[wrong] = np.roll(logits[wrong], 1, axis=1)
        trial.folds = {0: FoldScore(0, float((logits.argmax(1) == labels).mean()), logits, 1.0, 1)}
    found = found_by(ready, worker, history, winner, required=0.0).ensemble
    assert found.gain == pytest.approx(1 / len(labels))
    assert found.gain == pytest.approx(found.se)
    assert not found.kept


def test_it_must_beat_a_soup(ready: Prepared, worker: TrialRunner, history: TrialHistory) -> None:
    winner, labels = history.trials[0], history.targets[0]
    right = 4 * np.eye(3, dtype=np.float32)[labels]
    good = FoldScore(0, 1.0, right, 1.0, 1)
    found = found_by(ready, worker, history, winner, soup=good).ensemble
    assert (found.kept, found.over, found.gain) == (False, "soup", 0.0)
    assert found_by(ready, worker, history, winner, required=9.0, soup=winner.folds[0]).ensemble.kept


def test_outputs_are_compared_on_all_common_folds(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    winner, good, _ = history.trials.values()
    for fold in (0, 1):
        said(history, winner, fold)
        right = 4 * np.eye(3, dtype=np.float32)[history.targets[fold]]
        good.folds[fold] = FoldScore(fold, 1.0, right, 1.0, 1)
    found = found_by(ready, worker, history, winner, required=0.0)
    assert (set(found.folds), set(found.ensemble.trials), found.ensemble.tried) == ({0, 1}, {0, 1}, 2)
    assert found.ensemble.images == len(history.targets[0]) + len(history.targets[1])
    del good.folds[1]
    found = found_by(ready, worker, history, winner, required=0.0)
    assert (set(found.folds), found.ensemble.tried) == ({0}, 3)


def test_only_unpruned_trials_with_weights_are_eligible(history: TrialHistory) -> None:
    history.trials[0].state = "pruned"
    history.trials[2].models = {}
    assert eligible_trials(history, history.trials[1]) == [history.trials[1]]


def test_limits_hold_for_all_members_together(
    ready: Prepared, worker: TrialRunner, history: TrialHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    winner = history.trials[0]
    size = Path(str(winner.model)).stat().st_size
    two = replace(ASKED, limits=Limits(size=2 * size + size // 2))
    found = found_by(ready, worker, history, winner, required=-1.0, options=two).ensemble
    assert len(found.trials) == 2
    assert "more than the 8.4" in found.beyond
    one = replace(ASKED, limits=Limits(size=size + size // 2))
    found = found_by(ready, worker, history, winner, required=-1.0, options=one).ensemble
    assert not found.kept
    assert "with any second network, their weights take 6.7" in found.why
    monkeypatch.setattr(
        "autotl.finalize.ensembling.limits.latency_of", lambda model, *, input_size, clock: input_size / 1e4
    )
    slow = replace(ASKED, limits=Limits(latency=0.0070))  # two of 32 px take 6.4 ms, one of each 8 ms
    found = found_by(ready, worker, history, winner, required=-1.0, options=slow).ensemble
    assert set(found.trials) <= {0, 2}
    fast = replace(ASKED, limits=Limits(latency=0.006))
    found = found_by(ready, worker, history, winner, required=-1.0, options=fast).ensemble
    assert found.why == "with any second network, one image takes them 8 ms, more than the 6 ms allowed" or (
        "6.4 ms, more than the 6 ms allowed" in found.why
    )


def test_time_is_kept_for_testing_the_members(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    every = list(history.trials.values())
    timed = FinalOptions(Budget(1e-9), ensemble=True)
    limits = EnsembleLimits(phase_of(ready, worker, history, timed))
    assert "testing them" in limits.violated(every)
    assert limits.violated(every[:1]) == ""

    def kept(budget: float | None) -> float:
        options = FinalOptions(Budget(budget, 9), ensemble=True)
        step = EnsembleStep(phase_of(ready, worker, history, options))
        return step.expected_seconds(history) / POLICY.margin

    plain = POLICY.ensemble * 1000 + 2 * LATENCY_SECONDS  # two kinds: 32 and 48 px
    assert kept(1000.0) == pytest.approx(plain)  # each is its arm's best, and tested in any case
    for trial in every:
        trial.arm, trial.baseline = every[0].arm, False
    best = history.best()
    for trial in every:
        trial.default = trial is best
    passes = sum(limits.test_seconds(trial) for trial in every if trial is not best)
    assert kept(1000.0) == pytest.approx(plain + passes)
    assert kept(1e-6) <= (POLICY.ensemble + POLICY.ensemble_test) * 1e-6 + 2 * LATENCY_SECONDS
    assert kept(None) == 0.0
