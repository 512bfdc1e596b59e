"""Only the stage with the largest relative gradient norm is trained."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autotl.api import Beat, Score
from autotl.backbone import layout
from autotl.builtin.strategies.tuning import surgical
from autotl.builtin.strategies.tuning.start import probed_model
from autotl.builtin.strategies.tuning.surgical import STAGE, Surgical, freeze_except, relative_gradient_norms
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench
from autotl.training import PROBE, Recipe
from autotl.workbench.trial_workbench import TrialWorkbench


def returned(generator: Any) -> Any:
    """Run a generator to its end, and return its value."""
    while True:
        try:
            assert isinstance(next(generator), Beat)
        except StopIteration as end:
            return end.value


class TestSurgical(StrategyChecks):
    strategy = Surgical()

    def settings(self, ready: Prepared, **own: Any) -> dict[str, Any]:
        return {**self.strategy.defaults(ready.task, ready.backbones["tiny"]), "epochs": 1, **own}

    def test_the_norms_are_those_of_one_gradient_of_all_images(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        model, recipe = probed_model(bench, PROBE, input_size=32), Recipe(32, 1, 1e-3)
        found = returned(relative_gradient_norms(bench, model, recipe))
        assert all(value.grad is None for value in model.parameters())
        images = bench.to_batch(bench.inputs(input_size=32).train[:])
        bench.target.loss(model(images), bench.targets().train, smoothing=recipe.label_smoothing).backward()
        named = dict(model.named_parameters())
        for names, norm in zip(layout(model).parameters, found, strict=True):
            gradient, weight = (
                torch.cat([each.flatten() for each in values]).norm()
                for values in ([named[n].grad for n in names], [named[n].detach() for n in names])
            )
            assert norm == pytest.approx(float(gradient / weight), rel=1e-3)

    def test_a_gradient_that_does_not_fit_is_measured_in_pieces(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def short_of_memory(target: Any, outputs: torch.Tensor, *given: Any, **named: Any) -> Any:
            rows.append(len(outputs))
            if len(outputs) > 8:
                raise torch.OutOfMemoryError
            return loss(target, outputs, *given, **named)

        rows: list[int] = []
        bench, recipe = tiny_bench(ready), Recipe(32, 1, 1e-3)
        model = probed_model(bench, PROBE, input_size=32)
        whole = returned(relative_gradient_norms(bench, model, recipe))
        loss = type(bench.target).loss
        monkeypatch.setattr(type(bench.target), "loss", short_of_memory)
        assert returned(relative_gradient_norms(bench, model, recipe)) == pytest.approx(whole, rel=1e-3)
        assert max(rows) > 8 >= rows[-1]

    @pytest.mark.parametrize("norm", ["frozen", "batch"])
    def test_the_stage_with_the_largest_norm_is_trained_and_no_other(
        self, ready: Prepared, norm: str
    ) -> None:
        bench = tiny_bench(ready)
        params = self.settings(ready, norm=norm, lr=0.01)
        learner = self.strategy.build(params, bench)
        model = probed_model(bench, PROBE, input_size=32)
        norms = returned(relative_gradient_norms(bench, model, Recipe(32, 1, 1e-3)))
        expected = max(range(len(norms)), key=norms.__getitem__)
        for _ in learner.fit():
            pass
        source, found = bench.model().state_dict(), bench.result.model.state_dict()
        stages = layout(bench.model())
        for stage, (parameters, modules) in enumerate(zip(stages.parameters, stages.modules, strict=True)):
            moved = {name for name in parameters if not torch.equal(source[name], found[name])}
            statistics = {
                name
                for name in source
                if name.endswith("running_mean")
                and name.rpartition(".")[0] in modules
                and not torch.equal(source[name], found[name])
            }
            assert bool(moved) == (stage == expected)
            assert bool(statistics) == (stage == expected and norm == "batch")
        (note,) = bench.notes
        assert f"Only the stage {stages.stages[expected].name} was trained" in note

    @pytest.mark.parametrize("stage", [0, 2])
    def test_stages_before_the_chosen_one_are_cached(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch, stage: int
    ) -> None:
        def chosen(*given: Any) -> Any:
            yield bench.beat()
            return [float(each == stage) for each in range(len(bench.backbone.stages))]

        cuts: list[Any] = []
        cut = TrialWorkbench.cut

        def kept(bench: TrialWorkbench, *given: Any, **named: Any) -> Any:
            cuts.append(cut(bench, *given, **named))
            return cuts[-1]

        monkeypatch.setattr(surgical, "relative_gradient_norms", chosen)
        monkeypatch.setattr(TrialWorkbench, "cut", kept)
        bench = tiny_bench(ready)
        scores = [
            step
            for step in self.strategy.build(self.settings(ready, augment="none"), bench).fit()
            if isinstance(step, Score)
        ]
        assert len(scores) == 1
        assert [each is not None and each.through for each in cuts] == [stage if stage else False]

    def test_a_resumed_training_measures_no_gradient(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        params = self.settings(ready, epochs=2)
        learner = self.strategy.build(params, tiny_bench(ready))
        assert learner.checkpoint() is None
        steps = learner.fit()
        while not isinstance(next(steps), Score):
            pass
        kept = learner.checkpoint()
        assert kept is not None
        steps.close()
        monkeypatch.setattr(surgical, "relative_gradient_norms", None)
        again = self.strategy.build(params, tiny_bench(ready))
        again.resume(kept)
        assert [step.epoch for step in again.fit() if isinstance(step, Score)] == [2]
        assert again._stage == int(kept[STAGE])

    def test_the_cost_lies_between_the_cheapest_and_the_dearest_stage(self, ready: Prepared) -> None:
        from autotl.training import this_machine, training_seconds

        task, backbone = ready.task, ready.backbones["tiny"]
        params = self.settings(ready, epochs=10, augment="none")
        found = self.strategy.cost(params, task, backbone, this_machine("cpu")).seconds
        whole = training_seconds(task, backbone, input_size=32, trained=1.0, epochs=10)
        last = 1 - backbone.stages[-2].flops
        cheapest = training_seconds(task, backbone, input_size=32, trained=last, epochs=10, views=1)
        assert cheapest < found < 1.2 * whole


def test_a_frozen_model_can_be_sent_to_another_process(ready_model: torch.nn.Module) -> None:
    import pickle

    train_mode = freeze_except(ready_model, 1, norm="batch")
    train_mode(ready_model)
    assert not ready_model.get_submodule("layer4").training
    assert pickle.loads(pickle.dumps(train_mode)) == train_mode


@pytest.fixture
def ready_model() -> torch.nn.Module:
    import timm

    return timm.create_model("resnet18", channels=[8, 8, 16, 16], layers=[1, 1, 1, 1], num_classes=3)
