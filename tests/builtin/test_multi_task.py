"""The strategy multi_task fulfils the contract, and delivers no trace of the source head."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from autotl.api import AdditionalImages, Score
from autotl.backbone import classifier_of
from autotl.builtin.strategies.tuning.multi_task import GIVEN, PRETRAINED, MultiTask, _source_head
from autotl.clock import OutOfTime
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench
from autotl.testing.strategies.settings_checks import MACHINE
from autotl.workbench.trial_workbench import TrialWorkbench

pytestmark = pytest.mark.usefixtures("few_epochs")


def learn(ready: Prepared, **own: Any) -> tuple[TrialWorkbench, list[Score]]:
    bench, strategy = tiny_bench(ready), MultiTask()
    params = {**strategy.defaults(ready.task, bench.backbone), **own}
    scores = [step for step in strategy.build(params, bench).fit() if isinstance(step, Score)]
    return bench, scores


class TestMultiTask(StrategyChecks):
    strategy = MultiTask()

    def test_it_needs_source_images(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        without = self.strategy.applies(replace(ready.task, additional={}), backbone)
        assert (bool(without), without.why) == (False, "no source images were given: --source")
        few = replace(ready.task, additional={"source": AdditionalImages(5, ("a", "b"))})
        assert "32 source images are needed, and 5" in self.strategy.applies(few, backbone).why
        plain = replace(ready.task, additional={"source": AdditionalImages(500)})
        assert self.strategy.applies(plain, backbone)  # its own head has classes
        headless = replace(backbone, classes=())
        assert "have no classes, and tiny predicts none" in self.strategy.applies(plain, headless).why

    def test_the_labels_of_the_source_are_its_own_if_it_has_any(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        assert self.strategy.defaults(ready.task, backbone)["source_labels"] == GIVEN
        plain = replace(ready.task, additional={"source": AdditionalImages(500)})
        assert self.strategy.defaults(plain, backbone)["source_labels"] == PRETRAINED

    @pytest.mark.parametrize("labels", [GIVEN, PRETRAINED])
    def test_a_stock_network_without_the_source_head_is_delivered(self, ready: Prepared, labels: str) -> None:
        bench, scores = learn(ready, source_labels=labels, epochs=2)
        assert [score.outputs.shape[1] for score in scores] == [3, 3]
        weight, bias = classifier_of(bench.result.model)
        assert (weight.shape[0], bias.shape) == (3, (3,))
        bench.model().load_state_dict(bench.result.model.state_dict())  # a stock network takes all tensors
        assert any("were a second task" in note for note in bench.notes)

    def test_more_source_images_cost_more(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        usual = self.strategy.defaults(ready.task, backbone)
        costs = [
            self.strategy.cost({**usual, "ratio": ratio}, ready.task, backbone, MACHINE).seconds
            for ratio in (0.25, 1.0, 4.0)
        ]
        assert costs == sorted(costs)
        assert costs[2] > 2 * costs[1]

    def test_the_default_fits_a_trials_time(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        long = self.strategy.defaults(replace(ready.task, trial_seconds=None), backbone)
        seconds = self.strategy.cost(long, ready.task, backbone, MACHINE).seconds
        task = replace(ready.task, trial_seconds=seconds / 2, folds=1)
        short = self.strategy.defaults(task, backbone)
        assert short["epochs"] == 1 or (
            self.strategy.cost(short, task, backbone, MACHINE).seconds <= seconds / 2
        )

    def test_another_share_of_source_images_gives_another_network(self, ready: Prepared) -> None:
        states = [
            learn(ready, epochs=1, freeze=0, weight=weight)[0].result.model.state_dict()
            for weight in (0.03, 2.0)
        ]
        assert any(not torch.equal(states[0][name], states[1][name]) for name in states[0])

    def test_a_deadline_ends_the_fit_of_the_source_head(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        bench.strategy = "late"  # finds no head that another test has kept
        source = bench.additional("source")

        def late() -> None:
            raise OutOfTime

        source.features(input_size=32)
        with pytest.raises(OutOfTime):
            _source_head(replace(source, check_cancelled=late), GIVEN, 32, bench)

    def test_the_source_head_costs_time(self, ready: Prepared) -> None:
        backbone = replace(ready.backbones["tiny"], kept=(1.0,))
        usual = self.strategy.defaults(ready.task, backbone)
        own, predicted = (
            self.strategy.cost({**usual, "source_labels": each}, ready.task, backbone, MACHINE).seconds
            for each in (GIVEN, PRETRAINED)
        )
        assert own > predicted
