"""The built-in strategies fulfil the contract of all strategies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from autotl.api import HeadSetting, Learner, SourceClass, TargetSpec, Workbench
from autotl.backbone import classifier_of
from autotl.builtin.strategies.baselines.from_scratch import FromScratch
from autotl.builtin.strategies.probes.direct import Direct
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.builtin.strategies.tuning.finetune import (
    AGGRESSIVE_TIME_SHARE,
    FineTune,
)
from autotl.builtin.strategies.tuning.reach import AGGRESSIVE_STEPS, BATCH_SIZE, MIN_EPOCHS
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench, tiny_run
from autotl.training import predict_outputs, this_machine, training_seconds
from autotl.workbench.trial_workbench import TrialWorkbench

pytestmark = pytest.mark.usefixtures("few_epochs")


def params(**own: float) -> dict[str, object]:
    return {"C": 0.022, "standardise": True, "class_weight": "none", "image_size": 32, **own}


def head_of(learner: Learner, bench: Workbench) -> tuple[np.ndarray, np.ndarray]:
    """The trained classifier, float64."""
    for _ in learner.fit():
        pass
    weight, bias = classifier_of(bench.result.model)  # type: ignore[attr-defined]
    return weight.double().numpy(), bias.double().numpy()


class TestLinearProbe(StrategyChecks):
    strategy = LinearProbe()

    @pytest.mark.parametrize("c", [1e-3, 0.1])
    def test_it_finds_scikit_learns_optimum(self, ready: Prepared, c: float) -> None:
        bench = tiny_bench(ready)
        learner = self.strategy.build(params(C=c), bench)
        weight, bias = head_of(learner, bench)
        features, labels = bench.features(input_size=32), bench.targets()
        x = features.train.double().numpy()
        scale = StandardScaler().fit(x)
        # scikit-learn's scaler divides by n, torch's std by n - 1
        scale.scale_ = x.std(0, ddof=1).clip(1e-6)
        theirs = LogisticRegression(C=c, max_iter=5000, tol=1e-8).fit(
            scale.transform(x), labels.train.numpy()
        )

        def objective(weight: np.ndarray, bias: np.ndarray) -> float:
            logits = torch.from_numpy(scale.transform(x) @ weight.T + bias)
            return float(F.cross_entropy(logits, labels.train)) + (weight**2).sum() / (2 * c * len(x))

        ours = objective(weight * scale.scale_, bias + weight @ scale.mean_)
        assert ours == pytest.approx(objective(theirs.coef_, theirs.intercept_), abs=1e-3)

    def test_settings_that_are_fitted_together_are_what_they_are_alone(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        several = [HeadSetting(c, s, b) for c in (1e-3, 0.1) for s in (True, False) for b in (True, False)]
        together = bench.linear_heads(several, input_size=32)
        for setting, (weight, bias) in zip(several, together, strict=True):
            ((alone, own_bias),) = bench.linear_heads([setting], input_size=32)
            x = bench.features(input_size=32).val
            assert torch.allclose(x @ weight.T + bias, x @ alone.T + own_bias, atol=0.2)

    @pytest.mark.parametrize(
        ("seconds", "together"), [(None, True), (1e4, True), (1e-3, False), (0.0, False)]
    )
    def test_all_settings_are_fitted_at_once_only_where_a_trial_can_afford_it(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch, *, seconds: float | None, together: bool
    ) -> None:
        asked: list[int] = []
        heads = TrialWorkbench.linear_heads

        def counted(bench: TrialWorkbench, settings: Sequence[HeadSetting], *, input_size: int) -> Any:
            asked.append(len(settings))
            return heads(bench, settings, input_size=input_size)

        monkeypatch.setattr(TrialWorkbench, "linear_heads", counted)
        timed = replace(ready, task=replace(ready.task, trial_seconds=seconds))
        list(self.strategy.build(params(C=0.1), tiny_bench(timed)).fit())
        list(self.strategy.build(params(), tiny_bench(timed)).fit())  # the default is fitted at once
        assert asked == [64 if together else 1, 2]

    def test_an_image_size_with_slow_features_is_not_tried(self, ready: Prepared) -> None:
        input_sizes: list[object] = []

        class Asked:
            def suggest_categorical(self, name: str, choices: Sequence[object]) -> object:
                input_sizes[:] = choices if name == "image_size" else input_sizes
                return choices[0]

        net = replace(ready.backbones["tiny"], input_sizes=(16, 32, 64), input_size=32)
        small = net.pace.seconds(ready.task.train_rows, input_size=16)
        for seconds, expected in ((None, [16, 32]), (10 * small, [16, 32]), (2 * small, [32])):
            task = replace(ready.task, trial_seconds=seconds)
            self.strategy.suggest(Asked(), task, net)  # type: ignore[arg-type]
            assert input_sizes == expected

    def test_the_network_computes_what_the_probe_scored(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        learner = self.strategy.build(params(), bench)
        scored = list(learner.fit())[-1].outputs
        whole = predict_outputs(bench.result.model, bench.inputs(input_size=32).val, bench)
        torch.testing.assert_close(whole, scored, atol=1e-3, rtol=1e-3)


class TestFineTune(StrategyChecks):
    strategy = FineTune()

    def test_frozen_stages_do_not_move_by_a_bit(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {
            **self.strategy.defaults(ready.task, ready.backbones["tiny"]),
            "freeze": 3, "norm": "batch", "epochs": 1,
        }  # fmt: skip
        before = bench.model().state_dict()
        learner = self.strategy.build(params, bench)
        for _ in learner.fit():
            pass
        after = bench.result.model.state_dict()
        early = [name for name in before if name.startswith(("conv1", "bn1", "layer1", "layer2"))]
        assert all(torch.equal(before[name], after[name]) for name in early)
        assert not torch.equal(before["layer4.0.conv1.weight"], after["layer4.0.conv1.weight"])

    def test_far_from_the_source_a_new_head_needs_time(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]

        def head(likeness: float, seconds: float | None) -> str:
            task = replace(ready.task, likeness={"tiny": {"frechet": likeness}}, trial_seconds=seconds)
            return str(self.strategy.defaults(task, backbone)["head"])

        assert head(0.1, None) == "new"
        assert head(0.1, 0.01) == "probe"
        assert head(0.9, None) == "probe"

    @pytest.mark.parametrize("steps", [AGGRESSIVE_STEPS - 10, AGGRESSIVE_STEPS + 10])
    def test_some_steps_of_the_whole_network_are_time_enough(self, ready: Prepared, steps: int) -> None:
        backbone = ready.backbones["tiny"]
        task = replace(
            ready.task,
            strata_counts=dict.fromkeys(
                ready.task.target.names, round(steps * BATCH_SIZE / 0.8 / len(ready.task.target.names))
            ),
            likeness={"tiny": {"frechet": 0.1}},
        )
        once = training_seconds(task, backbone, input_size=32, trained=1.0, epochs=1)

        def depth_and_head(seconds: float) -> tuple[int, str]:
            found = self.strategy.defaults(replace(task, trial_seconds=seconds), backbone)
            return found["freeze"], found["head"]

        assert depth_and_head(0.9 * once / AGGRESSIVE_TIME_SHARE)[1] == "probe"
        assert depth_and_head(1.5 * once / AGGRESSIVE_TIME_SHARE)[1] == (
            "new" if steps > AGGRESSIVE_STEPS else "probe"
        )
        assert depth_and_head(2.5 * once / AGGRESSIVE_TIME_SHARE) == (0, "new")

    def test_a_few_layers_see_the_recommended_size_where_there_is_time_for_more_than_a_head(
        self, ready: Prepared
    ) -> None:
        net = replace(ready.backbones["tiny"], input_sizes=(32, 64), input_size=64)
        task = replace(ready.task, likeness={"tiny": {"frechet": 0.9}})
        last = 1 - net.stages[-2].flops
        enough = training_seconds(task, net, input_size=64, trained=last, epochs=MIN_EPOCHS, views=1)

        def found(seconds: float) -> tuple[int, bool]:
            params = self.strategy.defaults(replace(task, trial_seconds=seconds), net)
            return params["image_size"], params["freeze"] < len(net.stages)

        assert found(1.01 * enough) == (64, True)
        assert found(0.01 * enough) == (32, False)
        far = replace(task, likeness={"tiny": {"frechet": 0.1}})
        boldly = self.strategy.defaults(replace(far, trial_seconds=1e4), net)
        assert (boldly["freeze"], boldly["head"], boldly["image_size"]) == (0, "new", 64)

    def test_a_head_alone_takes_longer_than_the_probe_it_begins_as(self, ready: Prepared) -> None:
        seen = replace(ready.backbones["tiny"], kept=(1.0,))
        head = self.strategy.defaults(ready.task, seen) | {"freeze": len(seen.stages), "augment": "none"}
        probe = LinearProbe()
        costs = [
            each.cost(params, ready.task, seen, this_machine("cpu")).seconds
            for each, params in ((probe, probe.defaults(ready.task, seen)), (self.strategy, head))
        ]
        assert 0 < costs[0] < costs[1]

    def test_where_only_a_head_can_be_afforded_it_begins_as_the_probes(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        task = replace(ready.task, likeness={"tiny": {"frechet": 0.1}})
        whole = self.strategy.cost(
            self.strategy.defaults(task, backbone), task, backbone, this_machine("cpu")
        ).seconds
        heads = set()
        for share in np.geomspace(1e-4, 1, 60):
            found = self.strategy.defaults(replace(task, trial_seconds=float(share * whole)), backbone)
            heads |= {found["head"]} if found["freeze"] == len(backbone.stages) else set()
        assert heads == {"probe"}


class TestFromScratch(StrategyChecks):
    strategy = FromScratch()

    def test_nothing_of_the_pretrained_weights_is_left(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        pretrained, fresh = bench.model().state_dict(), bench.model(pretrained=False).state_dict()
        shared = [
            name
            for name in pretrained
            if "conv" in name and name.endswith("weight") and torch.equal(pretrained[name], fresh[name])
        ]
        assert shared == []


class TestDirect(StrategyChecks):
    strategy = Direct()

    @classmethod
    def prepare(cls, folder: Path) -> Prepared:
        """The tiny images' classes are renamed to ones the backbone knows."""
        ready = tiny_run(folder)
        backbone = ready.backbones["tiny"]
        names = tuple(each.names[0] for each in backbone.classes[:3])
        return replace(ready, task=replace(ready.task, target=TargetSpec("single_label", tuple(names))))

    def test_features_that_were_seen_are_not_computed_again(
        self, ready: Prepared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        input_size = ready.backbones["tiny"].input_size
        ready.run_cache.features("tiny", input_size=input_size)

        def logits(bench: TrialWorkbench) -> Any:
            return next(iter(self.strategy.build({"image_size": input_size}, bench).fit())).outputs

        bench = tiny_bench(ready)
        expected = logits(bench)
        monkeypatch.setattr(TrialWorkbench, "inputs", None)
        known = replace(bench.backbone, kept=(1.0,))
        bench.backbone = known
        torch.testing.assert_close(logits(bench), expected, atol=1e-3, rtol=1e-3)
        assert (
            self.strategy.cost({"image_size": input_size}, ready.task, known, this_machine("cpu")).seconds
            == 0
        )

    def test_it_needs_every_class_by_name(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        assert self.strategy.applies(ready.task, backbone)
        other = replace(
            ready.task, target=TargetSpec("single_label", (*ready.task.target.names[:2], "no such thing"))
        )
        applies = self.strategy.applies(other, backbone)
        assert not applies
        assert "knows 2 of the 3 classes" in applies.why

    def test_names_are_met_through_synonyms_plurals_and_ids(self, ready: Prepared) -> None:
        backbone = replace(
            ready.backbones["tiny"],
            classes=(
                SourceClass("n01443537", ("goldfish", "Carassius auratus")),
                SourceClass("n02", ("ladybug", "ladybeetle")),
            ),
        )
        for name in ("Goldfish", "gold fish".replace(" ", ""), "carassius_auratus", "n01443537", "Ladybugs"):
            task = replace(ready.task, target=TargetSpec("single_label", (name, "ladybeetle")))
            assert self.strategy.applies(task, backbone), name
