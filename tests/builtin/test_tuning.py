"""Strategies that train layers of the backbone fulfil the contract, and do what their papers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from autotl.api import Score
from autotl.backbone import classifier_of, layout
from autotl.builtin.strategies.tuning import bit_hyperrule
from autotl.builtin.strategies.tuning.bit_hyperrule import BitHyperRule, Rule, rule_for
from autotl.builtin.strategies.tuning.gradual_unfreezing import GradualUnfreezing, plan_of
from autotl.builtin.strategies.tuning.l2_sp import L2Sp
from autotl.builtin.strategies.tuning.lp_ft import LpFt
from autotl.builtin.strategies.tuning.norm_only import NormOnly
from autotl.builtin.strategies.tuning.two_phase import TwoPhase
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench, tiny_run
from autotl.testing.strategies.settings_checks import MACHINE
from autotl.training import PROBE_SETTINGS
from autotl.workbench.trial_workbench import TrialWorkbench

pytestmark = pytest.mark.usefixtures("few_epochs")


def learn(
    strategy: Any, ready: Prepared, **own: object
) -> tuple[TrialWorkbench, Mapping[str, Tensor], list[Score]]:
    """Train with the defaults and these settings; return the workbench, the weights and the scores."""
    bench = tiny_bench(ready)
    params = {**strategy.defaults(ready.task, bench.backbone), **own}
    scores = [step for step in strategy.build(params, bench).fit() if isinstance(step, Score)]
    return bench, bench.result.model.state_dict(), scores


def moved_stages(bench: TrialWorkbench, state: Mapping[str, Tensor]) -> list[bool]:
    """Return whether each stage has other parameters or statistics than the pretrained network."""
    model = bench.model()
    start, stages = model.state_dict(), layout(model)
    names = [
        {name for name in start if name in parameters or name.rpartition(".")[0] in modules}
        for parameters, modules in zip(stages.parameters, stages.modules, strict=True)
    ]
    return [any(not torch.equal(start[name], state[name]) for name in each) for each in names]


class ReachChecks(StrategyChecks):
    """The checks of all strategies, and of the frozen stages."""

    def test_frozen_stages_do_not_move_by_a_bit(self, ready: Prepared) -> None:
        stages = len(ready.backbones["tiny"].stages)
        bench, state, _ = learn(self.strategy, ready, freeze=stages - 2, epochs=2, augment="none")
        assert moved_stages(bench, state) == [False] * (stages - 2) + [True] * 2

    def test_with_less_time_fewer_stages_are_trained(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        depths, costs = [], []
        for seconds in (None, 0.05, 1e-4):
            task = replace(ready.task, trial_seconds=seconds)
            found = self.strategy.defaults(task, backbone)
            depths.append(found["freeze"])
            costs.append(self.strategy.cost(found, task, backbone, MACHINE).seconds)
        assert depths == sorted(depths)
        assert (depths[0], depths[-1]) == (0, len(backbone.stages))
        assert costs == sorted(costs, reverse=True)

    def test_the_report_tells_how_the_network_was_trained(self, ready: Prepared) -> None:
        bench, _, _ = learn(self.strategy, ready, freeze=0, epochs=1)
        assert len(bench.notes) >= 2
        assert bench.notes[-1] == "No stage was frozen."


class TestLpFt(ReachChecks):
    strategy = LpFt()

    def test_it_starts_from_the_probe(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = self.strategy.defaults(ready.task, bench.backbone)
        learner = self.strategy.build(params, bench)
        weight, _ = classifier_of(learner._model)
        weights = [each for each, _ in bench.linear_heads(PROBE_SETTINGS, input_size=params["image_size"])]
        assert any(torch.equal(weight, each) for each in weights)

    def test_its_rate_is_a_tenth_of_the_usual_one(self, ready: Prepared) -> None:
        assert self.strategy.defaults(ready.task, ready.backbones["tiny"])["lr"] == pytest.approx(3e-4)


class TestGradualUnfreezing(ReachChecks):
    strategy = GradualUnfreezing()

    @pytest.mark.parametrize(
        ("freeze", "epochs", "share", "expected"),
        [
            (0, 10, 0.5, [(5, 1), (4, 1), (3, 1), (2, 1), (1, 1), (0, 5)]),
            (3, 4, 0.5, [(5, 1), (4, 1), (3, 2)]),
            (0, 4, 0.5, [(5, 1), (3, 1), (0, 2)]),
            (0, 1, 0.8, [(0, 1)]),
            (5, 6, 0.5, [(5, 6)]),
            (4, 8, 0.5, [(5, 4), (4, 4)]),
        ],
    )
    def test_stages_are_unfrozen_from_the_head_down(
        self, freeze: int, epochs: int, share: float, expected: list[tuple[int, int]]
    ) -> None:
        params = {"freeze": freeze, "epochs": epochs, "unfreezing": share}
        assert plan_of(params, 5) == expected

    def test_a_stage_moves_only_from_its_phase_on(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "epochs": 6, "freeze": 0}
        stages, plan = len(bench.backbone.stages), plan_of(params, len(bench.backbone.stages))
        depths = [depth for depth, epochs in plan for _ in range(epochs)]
        assert depths[0] == stages
        moved = [
            moved_stages(bench, bench.result.model.state_dict())
            for step in self.strategy.build(params, bench).fit()
            if isinstance(step, Score)
        ]
        assert moved == [[stage >= depth for stage in range(stages)] for depth in depths]

    def test_lower_stages_have_lower_rates(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = self.strategy.defaults(ready.task, bench.backbone)
        learner = self.strategy.build(params, bench)
        rates, stages = learner._phases[-1].rates, layout(bench.model()).parameters
        found = [rates[next(iter(names))] for names in stages]
        assert found == sorted(found)
        assert found[0] == pytest.approx(2.6**-4)
        assert not any(name in rates for name in ("fc.weight", "fc.bias"))

    def test_while_few_stages_are_trained_an_epoch_costs_less(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        params = {**self.strategy.defaults(ready.task, backbone), "freeze": 0, "augment": "none"}
        slow, fast = (
            self.strategy.cost({**params, "epochs": 20, "unfreezing": share}, ready.task, backbone, MACHINE)
            for share in (0.05, 0.8)
        )
        assert fast.seconds < slow.seconds


class TestNormOnly(ReachChecks):
    strategy = NormOnly()

    def test_a_network_without_vectors_is_refused_with_a_reason(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        assert self.strategy.applies(ready.task, backbone)
        refused = self.strategy.applies(ready.task, replace(backbone, name="words", vectors=0))
        assert not refused
        assert refused.why == "words has no normalisation layers and no biases to train"

    def test_matrices_keep_their_values_and_vectors_move(self, ready: Prepared) -> None:
        bench, state, _ = learn(self.strategy, ready, freeze=0, epochs=2, norm="frozen")
        model = bench.model()
        start = {name: value.detach() for name, value in model.named_parameters()}
        body = {name for names in layout(model).parameters for name in names}
        moved = {name for name in body if not torch.equal(start[name], state[name])}
        assert moved == {name for name in body if start[name].ndim == 1}
        assert not torch.equal(model.state_dict()["fc.weight"], state["fc.weight"])

    def test_a_checkpoint_has_no_matrices_but_the_heads(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "freeze": 0}
        learner = self.strategy.build(params, bench)
        steps = learner.fit()
        next(steps)
        kept = learner.checkpoint()
        steps.close()
        assert kept is not None
        matrices = {name for name, value in kept.items() if name.startswith("model.") and value.ndim > 1}
        assert matrices == {"model.fc.weight"}


class TestL2Sp(ReachChecks):
    strategy = L2Sp()

    def test_a_stronger_pull_keeps_the_weights_nearer(self, ready: Prepared) -> None:
        distances = []
        for alpha in (0.0, 20.0, 1000.0):
            bench, state, _ = learn(self.strategy, ready, freeze=0, epochs=4, alpha=alpha)
            start = dict(bench.model().named_parameters())
            body = [name for names in layout(bench.model()).parameters for name in names]
            squares = [float((start[name] - state[name]).detach().square().sum()) for name in body]
            distances.append(sum(squares) ** 0.5)
        assert distances[0] > distances[1] > 1.5 * distances[2] > 0

    def test_the_head_is_pulled_towards_zero(self, ready: Prepared) -> None:
        norms = []
        for beta in (0.0, 100.0):
            _, state, _ = learn(self.strategy, ready, freeze=0, epochs=4, beta=beta)
            norms.append(float(state["fc.weight"].norm()))
        assert norms[1] < 0.9 * norms[0]


class TestTwoPhase(ReachChecks):
    strategy = TwoPhase()

    def test_the_first_epoch_trains_the_head_alone(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "epochs": 2, "freeze": 0}
        moved = [
            any(moved_stages(bench, bench.result.model.state_dict()))
            for step in self.strategy.build(params, bench).fit()
            if isinstance(step, Score)
        ]
        assert moved == [False, True, True]

    def test_rates_range_over_a_factor_of_a_hundred(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = self.strategy.defaults(ready.task, bench.backbone)
        head, rest = self.strategy.build(params, bench)._phases
        assert head.recipe.lr == 2 * rest.recipe.lr == 2e-3
        assert min(rest.rates.values()) == pytest.approx(0.01)
        assert max(rest.rates.values()) < 1


class TestBitHyperRule(ReachChecks):
    strategy = BitHyperRule()

    @classmethod
    def prepare(cls, folder: Path) -> Prepared:
        """A trial has time for some dozen of the rule's 500 steps."""
        ready = tiny_run(folder)
        return replace(ready, task=replace(ready.task, trial_seconds=0.5))

    @pytest.mark.parametrize(
        ("rows", "side", "expected"),
        [
            (100, 32, Rule(500, 0.2, 128, 0.0, (0.4, 0.6, 0.8))),
            (19_999, 95, Rule(500, 0.2, 128, 0.0, (0.4, 0.6, 0.8))),
            (20_000, 96, Rule(10_000, 0.05, 480, 0.1)),
            (499_999, 300, Rule(10_000, 0.05, 480, 0.1)),
            (500_000, 300, Rule(20_000, 0.025, 480, 0.1)),
        ],
    )
    def test_the_rule_is_that_of_the_published_code(self, rows: int, side: int, expected: Rule) -> None:
        assert rule_for(rows, side) == expected

    @pytest.mark.parametrize(("each", "batch"), [(20, 32), (400, 64), (8_000, 512)])
    def test_with_enough_time_it_takes_the_steps_of_the_rule(
        self, ready: Prepared, each: int, batch: int
    ) -> None:
        task = replace(ready.task, strata_counts=dict.fromkeys("abc", each), trial_seconds=None)
        found = self.strategy.defaults(task, ready.backbones["tiny"])
        steps = found["epochs"] * 0.8 * task.train_rows / batch
        assert found["batch_size"] == batch
        assert steps == pytest.approx(rule_for(task.train_rows, 32).steps, rel=0.05)
        assert found["lr"] == 0.003  # with small batches too
        assert found["mixup"] == (0.1 if 3 * each >= 20_000 else 0.0)

    def test_gradients_are_not_clipped(self, ready: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
        norms: list[float] = []
        monkeypatch.setattr(
            torch.nn.utils, "clip_grad_norm_", lambda parameters, largest: norms.append(largest)
        )
        learn(self.strategy, ready, freeze=0, epochs=1)
        assert norms == []
        learn(TwoPhase(), ready, freeze=0, epochs=1)
        assert set(norms) == {1.0}

    def test_it_notes_the_steps_that_the_time_affords(self, ready: Prepared) -> None:
        bench, _, scores = learn(self.strategy, ready, freeze=0, epochs=2)
        rows = len(bench.targets().train)
        assert len(scores) == 2
        assert "BiT-HyperRule gives 500 steps at 128 pixels" in bench.notes[0]
        assert f"took {2 * -(-rows // 32)} at 32 pixels, because of the time" in bench.notes[0]

    def test_steps_that_rounding_alone_drops_are_not_blamed_on_the_time(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rows = len(tiny_bench(ready).targets().train)
        rule = Rule(3, 0.2, 128, 0.0)
        monkeypatch.setattr(bit_hyperrule, "rule_for", lambda *given: rule)
        monkeypatch.setattr(bit_hyperrule, "LEAST_BATCH", rows // 2)
        task = replace(ready.task, trial_seconds=None)
        epochs = self.strategy.defaults(task, ready.backbones["tiny"])["epochs"]
        assert epochs * 2 < rule.steps
        bench, _, _ = learn(self.strategy, ready, freeze=0, epochs=epochs)
        assert "because of the time" not in bench.notes[0]


RECIPES = [TwoPhase(), BitHyperRule()]


@pytest.mark.parametrize("strategy", RECIPES, ids=lambda each: each.name)
def test_a_recipe_searches_nothing(strategy: Any, tmp_path: Path) -> None:
    ready = tiny_run(tmp_path)
    backbone = ready.backbones["tiny"]
    found = strategy.suggest(None, ready.task, backbone)  # a space that would raise if it were asked
    assert found == strategy.defaults(ready.task, backbone)
