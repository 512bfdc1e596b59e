"""A score belongs to the network that is delivered."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autotl.backbone import layout
from autotl.errors import TrainingError
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.testing.strategies.case import copied, equal_states
from autotl.workbench.learning.epoch_batches import EpochOrder
from autotl.workbench.trial_workbench import TrialWorkbench

HALF = 0.05
"""Tolerance for outputs from cached activations, which have half precision."""


def with_random_head(bench: TrialWorkbench) -> nn.Module:
    model = bench.model()
    nn.init.normal_(model.get_parameter("fc.weight"))
    return model


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def test_a_cut_is_not_used_if_its_stages_have_changed(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    model = with_random_head(bench)
    cut = bench.cut(model, 2, input_size=32)
    assert cut is not None
    kept = bench.score(model, input_size=32, cut=cut).outputs
    assert torch.allclose(kept, bench.score(model, input_size=32).outputs, atol=HALF)
    with torch.no_grad():
        for name in layout(model).parameters[0]:
            model.get_parameter(name).mul_(1.5)
    found = bench.score(model, input_size=32, cut=cut).outputs
    assert torch.equal(found, bench.score(model, input_size=32).outputs)
    assert not torch.allclose(found, kept, atol=10 * HALF)


def test_a_cut_of_another_workbench_is_not_used(ready: Prepared) -> None:
    bench, other = tiny_bench(ready, fold=0), tiny_bench(ready, fold=1)
    model = bench.model()
    cut = other.cut(model, 2, input_size=32)
    assert torch.equal(
        bench.score(model, input_size=32, cut=cut).outputs, bench.score(model, input_size=32).outputs
    )


def test_a_cut_scores_the_new_network_after_a_head(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    model = bench.model()
    cut = bench.cut(model, 2, input_size=32)
    bench.score(model, input_size=32, cut=cut)
    width, outputs = bench.features(input_size=32).train.shape[1], bench.task.target.outputs
    bench.score_head(torch.zeros(outputs, width), torch.zeros(outputs), input_size=32)
    other = with_random_head(bench)
    found = bench.score(other, input_size=32, cut=cut).outputs
    assert torch.allclose(found, bench.score(other, input_size=32).outputs, atol=HALF)


def test_a_failed_score_leaves_the_network_of_the_last_one(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    score = bench.score(bench.model(), input_size=32)
    state, broken = copied(bench.result.model.state_dict()), bench.model()
    nn.init.constant_(broken.get_parameter("fc.weight"), torch.nan)
    with pytest.raises(TrainingError, match="must be finite"):
        bench.score(broken, input_size=64)
    assert bench.last_score is score
    assert bench.result.input_size == 32
    assert equal_states(state, bench.result.model.state_dict())


@pytest.mark.parametrize("fold", [0, None])
@pytest.mark.parametrize(("tensor", "value"), [("fc.bias", torch.nan), ("bn1.running_var", torch.inf)])
def test_weights_that_are_not_finite_are_refused_also_in_a_refit(
    ready: Prepared, fold: int | None, tensor: str, value: float
) -> None:
    bench = tiny_bench(ready, fold=fold)
    model = bench.model()
    state = model.state_dict()
    assert tensor in state, sorted(state)
    state[tensor].view(-1)[0] = value
    with pytest.raises(TrainingError, match=rf"weights must be finite \(got NaN or infinity in {tensor}\)"):
        bench.score(state, input_size=32)


def test_a_head_that_is_not_finite_is_refused_in_a_refit(ready: Prepared) -> None:
    bench = tiny_bench(ready, fold=None)
    weight, outputs = torch.zeros(bench.task.target.outputs, bench.backbone.features), torch.zeros(3)
    weight[0, 0] = torch.nan
    with pytest.raises(TrainingError, match="weights must be finite"):
        bench.score_head(weight, outputs, input_size=32)
    assert bench.last_score is None


@pytest.mark.parametrize("fold", [0, None])
def test_a_head_of_another_shape_is_refused(ready: Prepared, fold: int | None) -> None:
    bench = tiny_bench(ready, fold=fold)
    features = bench.backbone.features
    for weight, bias in ((4, 4), (3, 4)):
        with pytest.raises(TrainingError, match=rf"must have a weight of shape \(3, {features}\) and a bias"):
            bench.score_head(torch.zeros(weight, features), torch.zeros(bias), input_size=32)


def test_large_finite_weights_are_accepted(ready: Prepared) -> None:
    bench = tiny_bench(ready, fold=None)
    state = bench.model().state_dict()
    state["fc.weight"].fill_(3e38)  # their sum overflows
    assert bench.score(state, input_size=32).value == 0.0


def test_a_second_loop_over_epochs_is_refused(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    assert list(bench.epochs(2, model=bench.model())) == [1, 2]
    with pytest.raises(TrainingError, match=r"must have one loop over bench\.epochs"):
        list(bench.epochs(2, model=bench.model()))


@pytest.mark.parametrize(
    ("rows", "size", "steps"), [(3, 2, 1), (5, 2, 2), (4, 2, 2), (33, 32, 2), (1, 32, 1), (64, 1, 32)]
)
def test_no_batch_has_a_single_row(rows: int, size: int, steps: int) -> None:
    assert EpochOrder(1, size, "none").steps(rows) == steps


def test_a_changed_source_model_is_not_that_of_the_next_trial(ready: Prepared) -> None:
    before = copied(tiny_bench(ready).source_model().state_dict())
    changed = tiny_bench(ready).source_model().train()
    with torch.no_grad():
        for value in changed.parameters():
            value.zero_()
    after = tiny_bench(ready).source_model()
    assert equal_states(before, after.state_dict())
    assert not after.training


def test_strategies_do_not_share_kept_tensors(ready: Prepared) -> None:
    one, other, again = tiny_bench(ready), tiny_bench(ready), tiny_bench(ready)
    one.strategy, other.strategy, again.strategy = "one", "other", "one"
    assert torch.equal(one.keep("means", lambda: torch.ones(2)), torch.ones(2))
    assert torch.equal(other.keep("means", lambda: torch.zeros(2)), torch.zeros(2))
    assert torch.equal(again.keep("means", lambda: torch.zeros(2)), torch.ones(2))


def test_a_kept_tensor_of_half_precision_becomes_float32(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    assert bench.keep("tests: half", lambda: torch.ones(2, dtype=torch.bfloat16)).dtype == torch.float32
    assert torch.equal(bench.keep("tests: half", lambda: torch.zeros(2)), torch.ones(2))
