"""Heads that are not linear are scored on cached features, as they are delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autotl.api import HeadSpec
from autotl.backbone import scale_head
from autotl.builtin.heads.mlp import Mlp
from autotl.builtin.heads.modules.mlp import MlpHead
from autotl.errors import PluginError, TrainingError, WeightsError
from autotl.heads import attached_head
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import predict_outputs
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import head_in, save_weights
from autotl.workbench.trial_workbench import TrialWorkbench

SPEC = HeadSpec("mlp", {"hidden": 6})
STAGED = HeadSpec("mlp", {"hidden": 6}, ("layer1", "layer3"))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(ready: Prepared) -> TrialWorkbench:
    return tiny_bench(ready)


def whole(bench: TrialWorkbench, model: nn.Module | None = None) -> Tensor:
    return predict_outputs(model or bench.result.model, bench.inputs(input_size=32).val, bench)


@pytest.mark.parametrize("spec", [SPEC, STAGED])
def test_the_delivered_network_computes_what_was_scored(bench: TrialWorkbench, spec: HeadSpec) -> None:
    head = bench.new_head(spec, input_size=32)
    score = bench.score_custom_head(head, spec, input_size=32)
    torch.testing.assert_close(whole(bench), score.outputs, atol=1e-4, rtol=1e-3)
    assert bench.result.input_size == 32


@pytest.mark.parametrize("spec", [SPEC, STAGED])
def test_a_network_with_a_head_can_be_scored_as_a_whole(bench: TrialWorkbench, spec: HeadSpec) -> None:
    first = bench.score_custom_head(bench.new_head(spec, input_size=32), spec, input_size=32)
    model = scale_head(bench.result.model, 2.0)
    again = tiny_bench_like(bench).score(model, input_size=32)
    torch.testing.assert_close(again.outputs, 2 * first.outputs, atol=1e-4, rtol=1e-3)


def tiny_bench_like(bench: TrialWorkbench) -> TrialWorkbench:
    return TrialWorkbench(
        bench._run_cache, bench.task, bench.backbone, bench._run_cache.splits.folds[0], seed=1
    )


def test_the_seed_of_the_trial_draws_the_weights(ready: Prepared) -> None:
    one, same, other = (
        tiny_bench(ready, seed=seed).new_head(SPEC, input_size=32).state_dict() for seed in (1, 1, 2)
    )
    assert torch.equal(one["first.weight"], same["first.weight"])
    assert not torch.equal(one["first.weight"], other["first.weight"])


def test_global_random_numbers_are_not_used_up(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    before = torch.get_rng_state()
    bench.score_custom_head(bench.new_head(SPEC, input_size=32), SPEC, input_size=32)
    assert torch.equal(torch.get_rng_state(), before)


class Sharper(MlpHead):
    """A head whose outputs depend on more than its tensors."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Larger(MlpHead):
    """A head with a tensor that its kind does not have."""

    def __init__(self, features: int) -> None:
        super().__init__(SPEC.arguments, features, 3)
        self.extra = nn.Parameter(torch.zeros(2))


def test_a_head_that_computes_something_else_is_refused(bench: TrialWorkbench) -> None:
    with pytest.raises(TrainingError, match="must compute what its kind computes"):
        bench.score_custom_head(Sharper(SPEC.arguments, bench.backbone.features, 3), SPEC, input_size=32)
    assert bench.last_score is None


class Centred(MlpHead):
    """A head that subtracts the mean of the rows it gets."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x - x.mean(0))


def test_a_head_whose_rows_depend_on_each_other_is_refused(
    bench: TrialWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mlp, "portable", Centred)
    with pytest.raises(TrainingError, match="must depend on that row alone"):
        bench.score_custom_head(bench.new_head(SPEC, input_size=32), SPEC, input_size=32)


def test_a_head_with_other_tensors_is_refused(bench: TrialWorkbench) -> None:
    with pytest.raises(TrainingError, match="an additional extra"):
        bench.score_custom_head(Larger(bench.backbone.features), SPEC, input_size=32)
    with pytest.raises(TrainingError, match="in place of"):
        bench.score_custom_head(MlpHead({"hidden": 7}, bench.backbone.features, 3), SPEC, input_size=32)


def test_a_kind_that_is_not_installed_is_refused(bench: TrialWorkbench) -> None:
    with pytest.raises(PluginError, match="trees"):
        bench.new_head(HeadSpec("trees"), input_size=32)


def test_an_unknown_stage_is_refused(bench: TrialWorkbench) -> None:
    with pytest.raises(TrainingError, match="layer9"):
        bench.new_head(HeadSpec("mlp", {"hidden": 2}, ("layer9",)), input_size=32)


def test_two_classifiers_are_refused_before_the_training(
    bench: TrialWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = bench.model()
    both: Any = task
    both.get_classifier = lambda: (task.get_submodule("fc"), task.get_submodule("fc"))
    monkeypatch.setattr(bench._run_cache.networks, "task", lambda name: task)
    with pytest.raises(WeightsError, match=r"must have one classifier .* \(got tuple\)"):
        bench.new_head(SPEC, input_size=32)


def test_a_failed_score_keeps_the_last_network(bench: TrialWorkbench) -> None:
    bench.score_custom_head(bench.new_head(STAGED, input_size=32), STAGED, input_size=32)
    before = whole(bench)
    broken = bench.new_head(SPEC, input_size=32)
    nn.init.constant_(broken.get_submodule("last").bias, float("nan"))
    with pytest.raises(TrainingError, match="finite"):
        bench.score_custom_head(broken, SPEC, input_size=32)
    torch.testing.assert_close(whole(bench), before)
    with pytest.raises(TrainingError, match="finite"):
        bench.score_head(
            torch.full((3, bench.backbone.features), float("nan")), torch.zeros(3), input_size=32
        )
    torch.testing.assert_close(whole(bench), before)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_head_that_is_not_finite_is_refused_without_validation_rows(ready: Prepared, value: float) -> None:
    bench = TrialWorkbench(ready.run_cache, ready.task, ready.backbones["tiny"], None, seed=1)
    head = bench.new_head(SPEC, input_size=32)
    head.get_submodule("last").weight.data.fill_(value)
    with pytest.raises(TrainingError, match=r"must be finite .*last\.weight"):
        bench.score_custom_head(head, SPEC, input_size=32)


def test_outputs_that_are_not_finite_are_refused_without_validation_rows(ready: Prepared) -> None:
    bench = TrialWorkbench(ready.run_cache, ready.task, ready.backbones["tiny"], None, seed=1)
    head = bench.new_head(SPEC, input_size=32)
    head.get_buffer("std").zero_()
    with pytest.raises(TrainingError, match="outputs of a head must be finite"):
        bench.score_custom_head(head, SPEC, input_size=32)


def test_linear_and_other_heads_follow_each_other(bench: TrialWorkbench) -> None:
    weight, bias = torch.randn(3, bench.backbone.features), torch.zeros(3)
    for _ in range(2):
        linear = bench.score_head(weight, bias, input_size=32)
        torch.testing.assert_close(whole(bench), linear.outputs, atol=1e-3, rtol=1e-3)
        assert attached_head(bench.result.model) is None
        head = bench.new_head(STAGED, input_size=32)
        other = bench.score_custom_head(head, STAGED, input_size=32)
        torch.testing.assert_close(whole(bench), other.outputs, atol=1e-4, rtol=1e-3)
        tuned = bench.model()
        nn.init.constant_(next(tuned.parameters()), 0.1)
        score = bench.score(tuned, input_size=32)
        torch.testing.assert_close(whole(bench, tuned), score.outputs)


def test_a_head_on_stages_prevents_a_cut(bench: TrialWorkbench) -> None:
    bench.score_custom_head(bench.new_head(STAGED, input_size=32), STAGED, input_size=32)
    assert bench.cut(bench.result.model, 2, input_size=32) is None
    plain = tiny_bench_like(bench)
    plain.score_custom_head(plain.new_head(SPEC, input_size=32), SPEC, input_size=32)
    cut = plain.cut(plain.result.model, 2, input_size=32)
    assert cut is not None
    score = plain.score(plain.result.model, input_size=32, cut=cut)
    torch.testing.assert_close(whole(plain), score.outputs, atol=2e-2, rtol=2e-2)


def test_stage_features_are_averages_of_the_stages_outputs(bench: TrialWorkbench) -> None:
    found = bench.stage_features(input_size=32)
    assert [*found] == [stage.module for stage in bench.backbone.stages]
    seen: list[Tensor] = []
    model = bench.source_model()
    hook = model.get_submodule("layer2").register_forward_hook(lambda module, inputs, out: seen.append(out))
    with torch.no_grad():
        model(bench.to_batch(bench.inputs(input_size=32).train[:4]))
    hook.remove()
    torch.testing.assert_close(found["layer2"].train[:4], seen[0].mean((2, 3)), atol=1e-4, rtol=1e-3)
    rows = bench.head_features(["layer2"], input_size=32).train
    width = found["layer2"].train.shape[1]
    assert torch.equal(rows[:, :width], found["layer2"].train)
    assert torch.equal(rows[:, width:], bench.features(input_size=32).train)


def test_a_network_without_usable_stages_has_no_stage_features(
    bench: TrialWorkbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autotl.workbench.stage_features.usable_stages", lambda *args: {})
    assert bench.stage_features(input_size=32) == {}


def test_stage_features_are_computed_once_for_all_folds(
    ready: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_bench(ready).stage_features(input_size=32)
    monkeypatch.setattr(RunCache, "images", None)
    assert len(tiny_bench(ready, fold=1).stage_features(input_size=32)["layer1"].val)


@pytest.mark.parametrize("spec", [SPEC, STAGED])
def test_a_weights_file_is_opened_with_its_head(
    ready: Prepared, bench: TrialWorkbench, spec: HeadSpec, tmp_path: Path
) -> None:
    bench.score_custom_head(bench.new_head(spec, input_size=32), spec, input_size=32)
    path = save_weights(tmp_path / "trial.safetensors", bench.result.model)
    form = head_in(path)
    assert form is not None
    assert form.spec == spec
    assert form.package == "autotl"
    opened = ready.run_cache.networks.saved("tiny", path)
    torch.testing.assert_close(whole(bench, opened), whole(bench))
    linear = save_weights(tmp_path / "linear.safetensors", bench.model())
    assert head_in(linear) is None
