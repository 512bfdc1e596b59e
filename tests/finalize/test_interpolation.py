"""WiSE-FT: the pretrained network is mixed in only if validation likes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from autotl.api import Arm, FoldScore
from autotl.backbone import heads
from autotl.budget.policy import POLICY
from autotl.finalize.interpolation import (
    PRETRAINED_SHARE,
    STATISTICS,
    has_source,
    head_tensors,
    interpolate,
    is_tuned,
    probe_seconds,
    probed_network,
)
from autotl.finalize.model_soup import ModelSoup, compatible_trials, lead, mix
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import predict_outputs
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import save_weights
from tests.support.phases import chosen, phase_of, runner_of

SIDE = 32
ENDLESS = float("inf")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    found = tiny_run(tmp_path_factory.mktemp("cache"))
    found.run_cache.features("tiny", input_size=SIDE)
    return found


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    return runner_of(ready, tmp_path / "trials")


def tuned(
    worker: TrialRunner,
    ready: Prepared,
    change: dict[str, torch.Tensor],
    *,
    history: TrialHistory | None = None,
    number: int = 0,
) -> tuple[TrialHistory, Trial]:
    """Return a history with one more trial: the probed network, changed, with its score on the first fold."""
    history = history or TrialHistory(ready.run_cache.fold_targets())
    bench = tiny_bench(ready)
    model = worker.run_cache.networks.new("tiny")
    model.load_state_dict({**probed_network(bench, worker.run_cache, SIDE), **change})
    worker.folder.mkdir(parents=True, exist_ok=True)
    file = save_weights(worker.folder / f"tuned{number}.safetensors", model)
    outputs = predict_outputs(model.eval(), bench.inputs(input_size=SIDE).val, bench)
    fold = FoldScore(0, bench.measure(outputs), outputs.numpy(), 1.0, 1)
    arm, settings = Arm("finetune", "tiny"), {"n": number}
    trial = Trial(number, arm, settings, 0, True, {0: fold}, models={0: file}, input_size=SIDE)
    history.trials[number] = trial
    return history, trial


def overfitted(worker: TrialRunner, factor: float = 2.0) -> dict[str, torch.Tensor]:
    """A change of the convolutions from which half of the pretrained weights recovers."""
    draw = torch.Generator().manual_seed(0)
    return {
        name: value + factor * value.std() * torch.randn(value.shape, generator=draw)
        for name, value in worker.run_cache.networks.task("tiny").state_dict().items()
        if value.ndim == 4 and "layer3" in name
    }


def test_an_interpolation_that_validation_likes_is_delivered(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    assert winner.folds[0].score < 0.7  # else there is nothing to gain
    phase = phase_of(ready, worker, history)
    delivery = chosen(phase, winner)
    soup = delivery.soup
    assert soup.kept, soup
    assert soup.trials == (0,)
    assert soup.pretrained_share == soup.share_tried == PRETRAINED_SHARE == 0.5
    assert soup.gain > soup.due + soup.se  # type: ignore[operator]
    assert not delivery.refit
    found, own = load_file(delivery.weights), load_file(str(winner.model))
    source = probed_network(tiny_bench(ready), worker.run_cache, SIDE)
    head = head_tensors(worker.run_cache.networks.task("tiny"))
    assert len(head) == 2
    for name, value in own.items():
        if name not in head and value.is_floating_point():  # the head also has the temperature
            mean = (1 - soup.pretrained_share) * value + soup.pretrained_share * source[name]
            assert torch.allclose(found[name], mean, atol=1e-5)


def test_an_interpolation_that_lowers_the_score_is_refused(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, overfitted(worker, 1e-3))
    labels = history.targets[0]
    perfect = np.eye(3, dtype=np.float32)[labels]
    winner.folds = {0: FoldScore(0, 1.0, perfect, 1.0, 1)}
    found = mix(phase_of(ready, worker, history), winner, required=0.0, seconds=ENDLESS)
    assert (found.soup.kept, found.soup.pretrained_share, found.soup.tried) == (False, 0.0, 1)
    assert found.soup.share_tried == PRETRAINED_SHARE
    assert found.soup.why.startswith("it does not beat the leading network")
    assert chosen(phase_of(ready, worker, history), winner).soup.pretrained_share == 0.0


def test_a_lead_within_the_standard_error_is_refused(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    gain = mix(phase_of(ready, worker, history), winner, required=0.0, seconds=ENDLESS).soup.gain
    assert gain is not None
    found = mix(phase_of(ready, worker, history), winner, required=gain, seconds=ENDLESS).soup
    assert found.pretrained_share
    assert not found.kept
    assert "does not beat the chosen trial" in found.why


def test_a_lead_that_only_rounding_makes_is_refused(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    phase = phase_of(ready, worker, history)
    clear = mix(phase, winner, required=0.0, seconds=ENDLESS).soup
    assert clear.gain is not None
    assert clear.se is not None
    for short, kept in ((1e-3, True), (1e-13, False)):
        required = clear.gain - clear.se - short
        assert mix(phase, winner, required=required, seconds=ENDLESS).soup.kept == kept


def test_only_layers_trained_with_the_sources_statistics_are_interpolated(
    ready: Prepared, worker: TrialRunner
) -> None:
    cache, source = worker.run_cache, worker.run_cache.networks.task("tiny").state_dict()
    statistics = next(name for name in source if name.endswith(STATISTICS))
    (head,) = heads(cache.networks.task("tiny"))
    weight = next(name for name, value in source.items() if value.shape == head.weight.shape)

    def tuned_with(change: dict[str, torch.Tensor]) -> bool:
        return is_tuned(cache, "tiny", {**source, **change})

    assert tuned_with(overfitted(worker))
    assert not tuned_with({**overfitted(worker), statistics: source[statistics] + 1})
    assert not tuned_with({weight: torch.ones_like(head.weight)})
    assert has_source(cache, "tiny", SIDE)
    assert not has_source(cache, "tiny", 48)  # features are not cached


def test_time_is_kept_for_interpolations_and_its_end_is_respected(
    ready: Prepared, worker: TrialRunner
) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    phase = phase_of(ready, worker, history)
    once = POLICY.margin * phase.pass_seconds(winner, len(history.targets[0]))
    assert ModelSoup(phase).expected_seconds(history) == pytest.approx(once)  # the probe is cached
    assert mix(phase, winner, required=0.0, seconds=-1.0).soup.share_tried == 0.0
    winner.baseline = True
    assert ModelSoup(phase).expected_seconds(history) == 0.0


def test_the_probes_fit_takes_time_unless_it_is_cached(
    ready: Prepared, worker: TrialRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    phase, cache = phase_of(ready, worker, history), worker.run_cache
    assert probe_seconds(cache, worker.task, "tiny", SIDE) == 0.0
    cached = ModelSoup(phase).expected_seconds(history)
    monkeypatch.setattr(cache.store, "find", lambda key: None if "heads" in key else ())
    fit = probe_seconds(cache, worker.task, "tiny", SIDE)
    assert fit > 0
    assert ModelSoup(phase).expected_seconds(history) == pytest.approx(cached + POLICY.margin * fit)
    assert mix(phase, winner, required=0.0, seconds=fit / 2).soup.share_tried == 0.0


def test_the_average_of_a_probe_and_a_tuned_network_is_interpolated(
    ready: Prepared, worker: TrialRunner
) -> None:
    history, probe = tuned(worker, ready, {})
    slight = tuned(worker, ready, overfitted(worker, 1e-3), history=history, number=1)[1]
    slight.folds = dict(probe.folds)
    assert compatible_trials(history, slight) == [probe, slight]  # the average starts from the probe
    phase = phase_of(ready, worker, history)
    once = phase.pass_seconds(probe, len(history.targets[0]))
    for winner in (probe, slight):
        found = mix(phase, winner, required=0.0, seconds=ENDLESS).soup
        assert (found.tried, found.share_tried) == (2, PRETRAINED_SHARE)
    assert ModelSoup(phase).expected_seconds(history) == pytest.approx(POLICY.margin * 2 * once)


def test_an_interpolation_within_the_standard_error_of_the_soup_is_left_out(
    ready: Prepared, worker: TrialRunner
) -> None:
    history, winner = tuned(worker, ready, overfitted(worker))
    phase, labels = phase_of(ready, worker, history), history.targets[0]
    clear = mix(phase, winner, required=0.0, seconds=ENDLESS)
    assert clear.fold is not None
    wrong = np.flatnonzero(clear.fold.outputs.argmax(axis=1) == labels)[:1]
    outputs = clear.fold.outputs.copy()
    outputs[wrong] = -outputs[wrong]  # the winner is wrong on one image more
    close = replace(clear.fold, outputs=outputs, score=clear.fold.score - 1 / len(labels))
    winner.folds = {0: close}
    gain, se = lead(history, winner.arm, clear.fold, close)
    assert 0 < gain <= se
    found = mix(phase, winner, required=-1.0, seconds=ENDLESS).soup
    assert (found.kept, found.pretrained_share, found.share_tried) == (False, 0.0, PRETRAINED_SHARE)


def test_an_interpolation_is_the_weighted_mean() -> None:
    one = {"w": torch.tensor([1.0, 4.0]), "n": torch.tensor(3)}
    other = {"w": torch.tensor([3.0, 4.0]), "n": torch.tensor(5)}
    found = interpolate(one, other, 0.25)
    assert torch.equal(found["w"], torch.tensor([1.5, 4.0]))
    assert found["n"] == 3
