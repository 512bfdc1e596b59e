"""Check the contract of a strategy, for built-ins and plugins alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from autotl.api import Backbone, Strategy, Task
from autotl.pipeline.prepare import Prepared
from autotl.testing.bench import tiny_bench, tiny_run, with_additional_images, with_own_network
from autotl.testing.strategies.case import StrategyCase, case_of
from autotl.testing.strategies.checks import CHECKS, find_failures
from autotl.workbench.trial_workbench import TrialWorkbench


class StrategyChecks:
    """Conformance checks of :class:`autotl.api.Strategy`, to be subclassed.

    >>> class TestMine(StrategyChecks):
    ...     strategy = Mine()

    ``expected_failures`` has the reason of each expected failure, by the check's name.
    """

    strategy: Strategy
    expected_failures: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(scope="class")
    @classmethod
    def ready(cls, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
        """A prepared run on tiny images, shared by the checks."""
        folder: Path = tmp_path_factory.mktemp("cache")
        ready = with_own_network(cls.prepare(folder), cls.strategy)
        return with_additional_images(ready, cls.strategy)

    @pytest.fixture(scope="class")
    @classmethod
    def case(cls, ready: Prepared) -> StrategyCase:
        """The strategy and its run, shared by the checks."""
        return case_of(cls.strategy, ready)

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

    @pytest.mark.parametrize("check", CHECKS)
    def test_contract(self, check: str, case: StrategyCase) -> None:
        """Every check of the contract passes, or fails for the expected reason."""
        found = find_failures(case, expected=self.expected_failures, only=[check])
        if any(not each.expected for each in found):
            pytest.fail(found[0].message, pytrace=False)
        if found:
            pytest.xfail(found[0].expected)


def parametrize_with_checks(strategies: Iterable[Any]) -> pytest.MarkDecorator:
    """Return a pytest mark for all pairs of strategy and check.

    >>> @parametrize_with_checks(autotl.plugins.load().strategies.items.values())
    ... def test_strategy(strategy, check):
    ...     check_strategy(strategy, only=[check])
    """
    pairs = [(strategy, check) for strategy in strategies for check in CHECKS]
    return pytest.mark.parametrize(
        ("strategy", "check"), pairs, ids=[f"{strategy.name}-{check}" for strategy, check in pairs]
    )
