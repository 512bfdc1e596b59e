"""The probes whose heads are not linear fulfil the contract of all strategies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from autotl.api import Score, TargetSpec
from autotl.builtin.strategies.probes import knn, multi_layer_probe
from autotl.builtin.strategies.probes.knn import Knn, evenly_by_class, whitening_of
from autotl.builtin.strategies.probes.mlp_probe import BATCH_SIZE, SCORES, MlpProbe, steps_of_epoch
from autotl.builtin.strategies.probes.multi_layer_probe import MultiLayerProbe, used_stages
from autotl.heads import attached_head
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench
from autotl.training import predict_outputs
from autotl.workbench.trial_workbench import TrialWorkbench


def learned(checks: StrategyChecks, ready: Prepared, **own: Any) -> tuple[TrialWorkbench, list[Score]]:
    bench = tiny_bench(ready)
    defaults: Mapping[str, Any] = checks.strategy.defaults(ready.task, ready.backbones["tiny"])
    steps = checks.strategy.build({**defaults, "image_size": 32, **own}, bench).fit()
    return bench, [step for step in steps if isinstance(step, Score)]


def check_delivered(bench: TrialWorkbench, scores: list[Score]) -> None:
    whole = predict_outputs(bench.result.model, bench.inputs(input_size=32).val, bench)
    torch.testing.assert_close(whole, scores[-1].outputs, atol=1e-3, rtol=1e-3)


class TestKnn(StrategyChecks):
    strategy = Knn()

    @pytest.mark.parametrize("whiten", [False, True])
    def test_the_network_computes_what_was_scored(self, ready: Prepared, whiten: bool) -> None:
        check_delivered(*learned(self, ready, whiten=whiten))

    def test_one_neighbour_repeats_the_labels_of_the_bank(self, ready: Prepared) -> None:
        bench, _ = learned(self, ready, k=1)
        head = attached_head(bench.result.model)
        assert head is not None
        answers = head.outputs_of(bench.features(input_size=32).train).argmax(1)
        assert torch.equal(answers, bench.targets().train)

    def test_a_large_bank_keeps_a_part_of_each_class_and_says_so(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(knn, "MAX_ROWS", 20)
        bench, scores = learned(self, ready)
        check_delivered(bench, scores)
        assert any("The bank has" in note and "training images" in note for note in bench.notes)

    def test_rows_are_drawn_evenly(self) -> None:
        labels = torch.tensor([0] * 90 + [1] * 9 + [2])
        rows = evenly_by_class(labels, 20)
        assert labels[rows].bincount().tolist() == [18, 1, 1]
        assert torch.equal(evenly_by_class(labels, 100), torch.arange(100))
        assert len(evenly_by_class(torch.arange(50), 20)) == 50  # none of the classes is left out

    def test_whitened_features_are_uncorrelated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(knn, "SHRINKAGE", 1e-6)
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(5000, 4, generator=generator) @ torch.randn(4, 4, generator=generator)
        x -= x.mean(0)
        white = x @ whitening_of(x, torch.ones(len(x)))
        apart = torch.corrcoef(white.T) - torch.eye(4)
        assert float(apart.abs().max()) < 0.05

    def test_it_serves_single_labels_only(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        assert self.strategy.applies(ready.task, backbone)
        assert not self.strategy.applies(
            replace(ready.task, target=TargetSpec("regression", ("y",))), backbone
        )


class TestMlpProbe(StrategyChecks):
    strategy = MlpProbe()

    def test_the_network_computes_what_was_scored(self, ready: Prepared) -> None:
        bench, scores = learned(self, ready)
        check_delivered(bench, scores)
        assert len(scores) == SCORES

    def test_each_epoch_has_some_steps(self) -> None:
        assert [steps_of_epoch(rows) for rows in (3, 16, 80, 1000, 10 * BATCH_SIZE + 1)] == [1, 2, 10, 10, 11]


class TestMultiLayerProbe(StrategyChecks):
    strategy = MultiLayerProbe()

    @pytest.mark.parametrize("keep", [0.05, 1.0])
    def test_the_network_computes_what_was_scored(self, ready: Prepared, keep: float) -> None:
        bench, scores = learned(self, ready, keep=keep)
        check_delivered(bench, scores)
        head = attached_head(bench.result.model)
        assert head is not None
        widths = [rows.train.shape[1] for rows in bench.stage_features(input_size=32).values()]
        width = sum(widths) + bench.backbone.features
        assert head.form.spec.arguments["columns"] == max(
            multi_layer_probe.MIN_COLUMNS, int(-(-keep * width // 1))
        )

    def test_a_fit_without_time_left_gives_the_same_weights(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, (on_time,) = learned(self, ready)
        monkeypatch.setattr(TrialWorkbench, "seconds_left", property(lambda bench: 0.0))
        _, (late,) = learned(self, ready)
        assert np.array_equal(on_time.outputs, late.outputs)

    def test_the_relevant_features_are_kept(self, ready: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
        def planted(bench: TrialWorkbench, stages: Any, *, input_size: int) -> Any:
            rows = original(bench, stages, input_size=input_size)
            for part, targets in ((rows.train, bench.targets().train), (rows.val, bench.targets().val)):
                part[:] = torch.randn(part.shape, generator=torch.Generator().manual_seed(0))
                part[:, 5] = targets.float()
            return rows

        original = TrialWorkbench.head_features
        monkeypatch.setattr(TrialWorkbench, "head_features", planted)
        bench = tiny_bench(ready)
        x = bench.head_features([], input_size=32)
        learner = self.strategy.build(self.strategy.defaults(ready.task, bench.backbone), bench)
        relevance: Tensor = learner._relevance(x.train)  # type: ignore[attr-defined]
        assert int(relevance.argmax()) == 5

    def test_columns_are_numbered_among_the_used_stages(self) -> None:
        widths = {"a": 4, "b": 3, "c": 2}
        stages, columns = used_stages(torch.tensor([1, 3, 8, 9, 12]), widths)
        assert stages == ("a", "c")
        assert columns.tolist() == [1, 3, 5, 6, 9]
        assert used_stages(torch.tensor([10]), widths)[1].tolist() == [1]
