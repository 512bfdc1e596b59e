"""Every trained built-in strategy learns several labels and numbers; the others say why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl import plugins
from autotl.api import Score, Strategy
from autotl.metrics import get_metric
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.testing.bench import with_additional_images, with_own_network

STRATEGIES: Mapping[str, Strategy] = {
    name: each
    for name, each in plugins.load().strategies.items.items()
    if type(each).__module__.startswith("autotl.builtin") and name != "tfidf"
}
"""``tfidf`` takes texts alone: tests/test_text_runs.py."""
REFUSING = {"direct", "knn", "nearest_mean", "self_training"}
SLOW_STARTERS = {"from_scratch", "scratch_small", "bit_hyperrule"}
"""Trainings that are too short in a test to beat a constant prediction for sure."""
EPOCHS = 12
"""Epochs that a training of pretrained weights takes to learn the tiny images."""
KINDS = ("multi_label", "regression")


@pytest.fixture(scope="module", params=KINDS)
def ready(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"), kind=request.param)


def prepared(ready: Prepared, name: str) -> tuple[Prepared, str]:
    """Return the run with the networks that a strategy needs, and the network that it trains."""
    ready = with_additional_images(with_own_network(ready, STRATEGIES[name]), STRATEGIES[name])
    if name == "distill":
        tiny = ready.backbones["tiny"]
        large = replace(tiny, name="large", parameters=2 * tiny.parameters)
        backbones = {**ready.backbones, "large": large}
        sizes = {each.name: each.parameters for each in backbones.values()}
        run_cache = ready.run_cache.with_backbones(backbones)
        task = replace(ready.task, backbones=sizes)
        ready = replace(ready, backbones=backbones, run_cache=run_cache, task=task)
    own = ready.baseline_networks.networks.get(name)
    return ready, "tiny" if own is None else own.name


@pytest.mark.usefixtures("few_epochs")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if getattr(STRATEGIES[name], "on_request", False) else ())
        for name in sorted(STRATEGIES.keys() - REFUSING)
    ],
)
def test_it_learns_the_target(name: str, ready: Prepared) -> None:
    ready, network = prepared(ready, name)
    strategy, bench = STRATEGIES[name], tiny_bench(ready, backbone=network)
    assert strategy.applies(ready.task, bench.backbone)
    params = {**strategy.defaults(ready.task, bench.backbone)}
    if "epochs" in params and name not in SLOW_STARTERS:
        params["epochs"] = EPOCHS
    scores = [step for step in strategy.build(params, bench).fit() if isinstance(step, Score)]
    targets, target = bench.targets().val.numpy(), bench.target
    outputs = scores[-1].outputs.numpy()
    assert outputs.shape == (len(targets), target.spec.outputs)
    metric = get_metric(target.default_metric, target.spec)
    assert scores[-1].value == pytest.approx(metric(targets, outputs))
    if name not in SLOW_STARTERS:
        assert scores[-1].value > metric(targets, target.constant(targets))


@pytest.mark.parametrize("name", sorted(REFUSING))
def test_it_says_why_not(name: str, ready: Prepared) -> None:
    ready = with_additional_images(ready, STRATEGIES[name])
    answer = STRATEGIES[name].applies(ready.task, ready.backbones["tiny"])
    assert not answer
    assert answer.why


def test_numbers_are_predicted_in_units(tmp_path: Path) -> None:
    """The brightness is learned to within a few per cent, and the scales are those of training images."""
    ready = tiny_run(tmp_path, kind="regression")
    rows = ready.splits.train
    assert ready.task.target.means == pytest.approx((ready.dataset.targets[rows].mean(),), rel=1e-5)
    assert ready.metric.name == "mae"
    bench = tiny_bench(ready)
    strategy = STRATEGIES["linear_probe"]
    (score,) = strategy.build(strategy.defaults(ready.task, bench.backbone), bench).fit()
    assert isinstance(score, Score)
    predicted = bench.target.predict(score.outputs.numpy())
    errors = np.abs(predicted - bench.targets().val.numpy())
    assert -score.value == pytest.approx(errors.mean(), rel=1e-4)
    assert errors.mean() < 0.6 * np.abs(bench.targets().val.numpy() - ready.task.target.means[0]).mean()
