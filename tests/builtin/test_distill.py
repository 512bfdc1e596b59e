"""The strategy distill fulfils the contract, and learns from its teacher."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autotl.api import Score, TargetSpec
from autotl.builtin.strategies.tuning.distill import Distill
from autotl.pipeline.prepare import Prepared
from autotl.targets import TARGETS
from autotl.testing import StrategyChecks, tiny_bench, tiny_run
from autotl.training import Teacher
from autotl.training.loss.distillation import DistillationLoss

pytestmark = pytest.mark.usefixtures("few_epochs")


def with_teacher(ready: Prepared) -> Prepared:
    """Return the run with a second backbone, which counts as larger."""
    tiny = ready.backbones["tiny"]
    backbones = {**ready.backbones, "large": replace(tiny, name="large", parameters=2 * tiny.parameters)}
    sizes = {name: facts.parameters for name, facts in backbones.items()}
    return replace(
        ready,
        backbones=backbones,
        run_cache=ready.run_cache.with_backbones(backbones),
        task=replace(ready.task, backbones=sizes),
    )


class TestDistill(StrategyChecks):
    strategy = Distill()

    @classmethod
    def prepare(cls, folder: Path) -> Prepared:
        return with_teacher(tiny_run(folder))

    def test_the_largest_backbone_of_the_run_is_the_teacher(self, ready: Prepared) -> None:
        tiny = ready.backbones["tiny"]
        sizes = {"tiny": tiny.parameters, "large": 2 * tiny.parameters, "huge": 3 * tiny.parameters}
        task = replace(ready.task, backbones=sizes)
        assert self.strategy.defaults(task, tiny)["teacher"] == "huge"

    def test_it_does_not_apply_without_a_larger_backbone(self, ready: Prepared) -> None:
        large = replace(ready.backbones["tiny"], name="large", parameters=10**9)
        found = self.strategy.applies(ready.task, large)
        assert not found
        assert "--backbone" in found.why

    def test_the_students_outputs_come_near_those_of_the_teacher(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        teacher = torch.softmax(bench.teacher_outputs("large") / 2, dim=1)
        usual = self.strategy.defaults(ready.task, bench.backbone)
        distances = []
        for share in (0.0, 1.0):
            student = tiny_bench(ready)
            params = {**usual, "share": share, "head": "new", "epochs": 6, "augment": "none", "lr": 3e-3}
            scores = [s for s in self.strategy.build(params, student).fit() if isinstance(s, Score)]
            assert scores
            with torch.inference_mode():
                size = params["image_size"]
                images = student.to_batch(student.inputs(input_size=size).train)
                outputs = torch.softmax(student.result.model(images).cpu() / 2, dim=1)
            distances.append(float((outputs - teacher).abs().mean()))
        assert distances[1] < distances[0]


def test_the_teachers_share_divides_the_loss() -> None:
    """At share 0 it is the loss of the labels, at 1 the divergence, which is 0 for equal outputs."""
    target = TARGETS["single_label"](TargetSpec("single_label", ("a", "b", "c")))
    outputs, labels = torch.randn(6, 3), torch.tensor([0, 1, 2, 0, 1, 2])
    weights = torch.tensor([0.5, 1.5, 1.0, 1.0, 0.5, 1.5])
    teacher = Teacher(outputs, share=0.5, temperature=2.0)
    targets = teacher.targets(labels)
    of_labels = target.loss(outputs, labels, weights=weights, smoothing=0.1)

    def loss(share: float, given: torch.Tensor) -> torch.Tensor:
        return DistillationLoss(target, share, 2.0).loss(given, targets, weights=weights, smoothing=0.1)

    assert loss(0.0, outputs).item() == pytest.approx(of_labels.item(), rel=1e-5)
    assert loss(1.0, outputs).item() == pytest.approx(0.0, abs=1e-6)
    assert loss(1.0, -outputs).item() > 0.1
    ends = loss(0.0, -outputs) + loss(1.0, -outputs)
    assert loss(0.5, -outputs).item() == pytest.approx(0.5 * ends.item(), rel=1e-5)
