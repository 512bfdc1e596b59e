"""The steps after the search handle networks whose heads are not linear."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from autotl.api import Arm, FoldScore
from autotl.builtin.heads.neighbours import Neighbours
from autotl.finalize.ensembling.limits import EnsembleLimits
from autotl.finalize.export import export_trial, load_network
from autotl.finalize.final_model import Member
from autotl.finalize.model_soup import compatible_trials, mix
from autotl.finalize.test_phase import prediction_cache as module
from autotl.finalize.test_phase.prediction_cache import PredictionCache, SavedNetwork, SourceLayers
from autotl.finalize.test_phase.test_evaluation import _heads
from autotl.pipeline.prepare import Prepared
from autotl.results import Predictor, load_model
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import head_in
from tests.support.phases import chosen, phase_of, runner_of

SIDE = 32
SETTINGS = {
    "linear_probe": {"C": 0.022, "standardise": True, "class_weight": "none", "image_size": SIDE},
    "knn": {"k": 5, "temperature": 0.07, "whiten": False, "image_size": SIDE},
    "multi_layer_probe": {"keep": 0.2, "C": 0.022, "image_size": SIDE},
}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    return runner_of(ready, tmp_path / "trials")


@pytest.fixture
def history(ready: Prepared) -> TrialHistory:
    return TrialHistory(ready.run_cache.fold_targets())


def tried(history: TrialHistory, worker: TrialRunner, strategy: str) -> Trial:
    number = len(history.trials)
    trial = Trial(number, Arm(strategy, "tiny"), SETTINGS[strategy], 0, True)
    outcome = worker(trial.job((0,)), lambda job, said: None)
    assert outcome.state == "complete", outcome.why
    history.add(trial, outcome, now=float(number))
    return trial


def test_they_are_left_out_of_a_soup(ready: Prepared, worker: TrialRunner, history: TrialHistory) -> None:
    linear, other = (tried(history, worker, name) for name in ("linear_probe", "knn"))
    phase = phase_of(ready, worker, history)
    assert compatible_trials(history, linear) == [linear]
    found = mix(phase, other, required=0.0, seconds=float("inf"))
    assert not found.soup.kept
    assert "not linear are not averaged" in found.soup.why


@pytest.mark.parametrize(("strategy", "passes"), [("knn", 1), ("multi_layer_probe", 0)])
def test_heads_on_pooled_features_share_a_pass(
    ready: Prepared,
    worker: TrialRunner,
    history: TrialHistory,
    monkeypatch: pytest.MonkeyPatch,
    strategy: str,
    passes: int,
) -> None:
    found: list[int] = []
    pooled = module.pooled

    def counted(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
        found.append(len(x))
        return pooled(model, x)

    monkeypatch.setattr(module, "pooled", counted)
    rows, file = ready.splits.folds[0].val, str(tried(history, worker, strategy).model)
    cache = PredictionCache(ready.run_cache, rows)
    outputs = cache.outputs(SavedNetwork("tiny", file, SIDE))
    alone = Predictor(load_network(ready.run_cache, "tiny", file, input_size=SIDE), device="cpu")
    np.testing.assert_allclose(outputs, alone.outputs(ready.dataset, rows), atol=1e-4, rtol=1e-3)
    assert sum(found) == passes * len(rows)
    assert SourceLayers(ready.run_cache).are_kept("tiny", file) == bool(passes)


@pytest.mark.parametrize("strategy", ["knn", "multi_layer_probe"])
def test_the_temperature_is_folded_into_the_scale(
    ready: Prepared, worker: TrialRunner, history: TrialHistory, tmp_path: Path, strategy: str
) -> None:
    winner = tried(history, worker, strategy)
    targets = history.targets[0]
    guesses = np.where(np.arange(len(targets)) % 4 < 3, targets, (targets + 1) % 3)
    loud = 30 * np.eye(3, dtype=np.float32)[guesses]  # three of four right, and sure of them all
    history.targets = [np.tile(targets, 5)]
    winner.folds = {0: FoldScore(0, 0.75, np.tile(loud, (5, 1)), 1.0, 1)}
    model = chosen(phase_of(ready, worker, history), winner, interrupted=True)
    assert model.temperature.kept
    x = torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    outputs = []
    for name, weights in (("plain", str(winner.model)), ("model", model.weights)):
        export_trial(tmp_path / name, ready.run_cache, winner, weights)
        kinds = ready.run_cache.networks.head_kinds
        with torch.inference_mode():
            outputs.append(load_model(tmp_path / name, heads=lambda kinds=kinds: kinds).model(x))
    torch.testing.assert_close(outputs[1] * model.temperature.value, outputs[0], atol=1e-4, rtol=1e-4)


def test_the_latency_of_an_ensemble_includes_the_head(
    ready: Prepared, worker: TrialRunner, history: TrialHistory
) -> None:
    limits = EnsembleLimits(phase_of(ready, worker, history))
    for name in ("linear_probe", "knn"):
        assert limits._latency_of(tried(history, worker, name)) > 0
    assert len(limits._latency) == 2


def test_heads_without_a_loader_are_listed(
    ready: Prepared, worker: TrialRunner, history: TrialHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    phase = phase_of(ready, worker, history)
    served = [
        Member(trial, str(trial.model), 0.5)
        for trial in (tried(history, worker, name) for name in ("linear_probe", "knn"))
    ]
    assert _heads(phase, served) == (("neighbours",), ())
    monkeypatch.setattr(Neighbours, "portable", 3)
    assert _heads(phase, served) == (("neighbours",), ("neighbours",))


def test_each_fold_has_its_own_bank(ready: Prepared, worker: TrialRunner, history: TrialHistory) -> None:
    trial = tried(history, worker, "knn")
    whole = worker(trial.job(()), lambda job, said: None)
    forms = [head_in(file) for file in (str(trial.model), *whole.models.values())]
    rows = [form.spec.arguments["rows"] for form in forms if form]
    assert rows == [len(ready.splits.folds[0].train), len(ready.splits.train)]
