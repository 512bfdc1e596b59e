"""Check the contract of a strategy, for built-ins and plugins alike."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from optuna import create_study
from optuna.trial import FixedTrial

from autotl.api import (
    Backbone,
    Epoch,
    FirstLook,
    Learner,
    Machine,
    OwnNetworks,
    Params,
    Resumable,
    Strategy,
    Task,
)
from autotl.pipeline.prepare import Prepared
from autotl.search.studies.scoped_trial import ScopedTrial
from autotl.testing.bench import tiny_bench, tiny_run, with_own_network
from autotl.workbench.trial_workbench import TrialWorkbench

MACHINE = Machine("cpu", 2, 8 * 2**30)


class StrategyChecks:
    """Conformance checks of :class:`autotl.api.Strategy`, to be subclassed.

    >>> class TestMine(StrategyChecks):
    ...     strategy = Mine()
    """

    strategy: Strategy

    @pytest.fixture(scope="class")
    @classmethod
    def ready(cls, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
        """A prepared run on tiny images, shared by the checks."""
        folder: Path = tmp_path_factory.mktemp("cache")
        return with_own_network(cls.prepare(folder), cls.strategy)

    @classmethod
    def prepare(cls, folder: Path) -> Prepared:
        """Prepare the run; override it for other images."""
        return tiny_run(folder)

    @pytest.fixture
    def task(self, ready: Prepared) -> Task:
        """The task of the tiny run."""
        return ready.task

    @pytest.fixture
    def backbone(self, ready: Prepared) -> Backbone:
        """The network to check on: the strategy's own, or else ``tiny``."""
        return self.network(ready)

    def network(self, ready: Prepared) -> Backbone:
        """Return the strategy's own network, or else ``tiny``."""
        return ready.baseline_networks.networks.get(self.strategy.name, ready.backbones["tiny"])

    def bench(self, ready: Prepared, *, fold: int | None = 0, seed: int = 0) -> TrialWorkbench:
        """Return the workbench of one fold.

        Args:
            ready: The prepared run.
            fold: The fold; None for the final refit.
            seed: The seed of the trial.
        """
        return tiny_bench(ready, fold=fold, seed=seed, backbone=self.network(ready).name)

    def _suggest(self, task: Task, backbone: Backbone) -> tuple[Params, Mapping[str, Any]]:
        trial = create_study().ask()
        return self.strategy.suggest(ScopedTrial(trial, "x"), task, backbone), dict(trial.params)

    def _learn(self, ready: Prepared, params: Params, *, seed: int = 7) -> tuple[Learner, list[Epoch]]:
        learner = self.strategy.build(params, self.bench(ready, seed=seed))
        with closing(learner.fit()) as epochs:
            return learner, list(epochs)

    def test_keeps_the_contract(self) -> None:
        """Every member exists, and the name can be the scope of parameters."""
        assert isinstance(self.strategy, Strategy)
        assert self.strategy.name.isidentifier()
        assert self.strategy.summary
        assert self.strategy.reference

    def test_says_why_it_applies(self, task: Task, backbone: Backbone) -> None:
        """The reason goes into the report."""
        assert self.strategy.applies(task, backbone).why

    def test_settings_are_plain_data(self, task: Task, backbone: Backbone) -> None:
        """Settings are sent between processes and stored as JSON."""
        for params in (self.strategy.defaults(task, backbone), self._suggest(task, backbone)[0]):
            assert json.loads(json.dumps(dict(params))) == params

    def test_defaults_name_what_is_searched(self, task: Task, backbone: Backbone) -> None:
        """Optuna can use the defaults, because the keys are equal."""
        assert self.strategy.defaults(task, backbone).keys() == self._suggest(task, backbone)[0].keys()

    def test_the_same_answers_give_the_same_settings(self, task: Task, backbone: Backbone) -> None:
        """A trial can be repeated from the parameters that Optuna stored."""
        params, asked = self._suggest(task, backbone)
        assert self.strategy.suggest(ScopedTrial(FixedTrial(dict(asked)), "x"), task, backbone) == params

    def test_the_cost_is_a_number_of_seconds(self, task: Task, backbone: Backbone) -> None:
        """The budget is planned with finite costs of 0 or more."""
        cost = self.strategy.cost(self.strategy.defaults(task, backbone), task, backbone, MACHINE)
        assert math.isfinite(cost.seconds)
        assert cost.seconds >= 0

    def test_its_own_networks_have_no_weights_and_names_of_their_own(self, task: Task) -> None:
        """Networks of :class:`autotl.api.OwnNetworks` are described by JSON values only."""
        if not isinstance(self.strategy, OwnNetworks):
            return
        networks = self.strategy.networks(task)
        assert networks
        assert self.strategy.baseline, "only a baseline may have its own networks"
        assert len({weights.name for weights in networks}) == len(networks)
        for weights in networks:
            assert not weights.pretrained
            assert weights.folder is None
            assert json.loads(json.dumps(dict(weights.args))) == weights.args

    def test_a_first_look_is_a_shorter_training_with_the_same_settings(
        self, task: Task, backbone: Backbone
    ) -> None:
        """The look of :class:`autotl.api.FirstLook` has the same settings and fewer ``epochs``."""
        if not isinstance(self.strategy, FirstLook):
            return
        look, planned = self.strategy.look(task, backbone), self.strategy.defaults(task, backbone)
        assert look.keys() - {"part"} == planned.keys() - {"part"}
        assert 0 < look.get("part", 1.0) <= 1
        assert json.loads(json.dumps(dict(look))) == look
        assert type(look["epochs"]) is int
        assert 1 <= look["epochs"] <= planned["epochs"]
        costs = [self.strategy.cost(params, task, backbone, MACHINE).seconds for params in (look, planned)]
        assert costs == sorted(costs)

    def test_progress_rises_to_one_and_the_last_step_is_scored(self, ready: Prepared) -> None:
        """The deadline and the progress bar depend on these values."""
        backbone = self.network(ready)
        _, epochs = self._learn(ready, self.strategy.defaults(ready.task, backbone))
        progress = [epoch.progress for epoch in epochs]
        assert progress == sorted(progress)
        assert epochs[-1].score is not None
        assert 0 <= epochs[-1].score <= 1

    def test_it_ends_as_a_stock_timm_model(self, ready: Prepared) -> None:
        """timm's model of the architecture loads its state."""
        backbone = self.network(ready)
        learner, _ = self._learn(ready, self.strategy.defaults(ready.task, backbone))
        module = learner.module()
        assert not module.training
        with torch.no_grad():
            logits = module(torch.zeros(2, 3, learner.input_size, learner.input_size))
        assert logits.shape == (2, ready.task.target.outputs)
        assert logits.isfinite().all()
        weights = backbone.weights
        stock = timm.create_model(
            weights.timm_name, pretrained=False, num_classes=ready.task.target.outputs, **weights.args
        )
        stock.load_state_dict(module.state_dict())

    def test_it_can_be_closed_after_one_step(self, ready: Prepared) -> None:
        """Pruning and the deadline close the iterator early."""
        backbone = self.network(ready)
        learner = self.strategy.build(self.strategy.defaults(ready.task, backbone), self.bench(ready))
        epochs = learner.fit()
        next(epochs)
        epochs.close()
        assert not learner.module().training

    def test_a_resumed_learner_ends_like_an_uninterrupted_one(self, ready: Prepared) -> None:
        """A stopped :class:`autotl.api.Resumable` learner can be resumed from its checkpoint."""
        params = self.strategy.defaults(ready.task, self.network(ready))
        whole, epochs = self._learn(ready, params)
        stopped, again = (self.strategy.build(params, self.bench(ready, seed=7)) for _ in range(2))
        if not isinstance(stopped, Resumable) or not isinstance(again, Resumable):
            return
        with closing(stopped.fit()) as running:
            half = [next(running) for _ in range(len(epochs) // 2)]
            kept = stopped.checkpoint()
        if kept is None or not half:
            return
        again.resume(kept)
        with closing(again.fit()) as running:
            rest = list(running)
        assert [(e.step, e.score, e.progress) for e in (*half, *rest)] == [
            (e.step, e.score, e.progress) for e in epochs
        ]
        expected = whole.module().state_dict()
        assert all(torch.equal(value, expected[name]) for name, value in again.module().state_dict().items())

    def test_the_same_seed_gives_the_same_scores(self, ready: Prepared) -> None:
        """A run can be repeated."""
        params = self.strategy.defaults(ready.task, self.network(ready))
        first, second = ([e.score for e in self._learn(ready, params)[1]] for _ in range(2))
        assert first == second

    def test_it_learns_from_all_rows_when_there_is_nothing_to_validate_on(self, ready: Prepared) -> None:
        """The winner is refitted on all training rows."""
        params = self.strategy.defaults(ready.task, self.network(ready))
        learner = self.strategy.build(params, self.bench(ready, fold=None))
        for _ in learner.fit():
            pass
        assert not learner.module().training
