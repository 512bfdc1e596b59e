"""Check the contract of a strategy, for built-ins and plugins alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest

from autotl.api import Backbone, Strategy, Task
from autotl.errors import FAILURES, described
from autotl.pipeline.prepare import Prepared
from autotl.testing.bench import tiny_bench, tiny_run, with_own_network
from autotl.testing.check_failed import CheckFailed
from autotl.testing.strategies import learning_checks, settings_checks
from autotl.testing.strategies.case import StrategyCase
from autotl.workbench.trial_workbench import TrialWorkbench

Check = Callable[[StrategyCase], None]

CHECKS: Mapping[str, Check] = {
    name.removeprefix("check_"): check
    for module in (settings_checks, learning_checks)
    for name, check in vars(module).items()
    if name.startswith("check_")
}
"""The checks of a strategy, by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed.

    ``expected`` is the strategy's own reason for the failure; "" if it is not expected.
    """

    check: str
    message: str
    expected: str = ""


def case_of(strategy: Strategy, ready: Prepared) -> StrategyCase:
    """Return a strategy with the network that it is checked on."""
    ready = with_own_network(ready, strategy)
    backbone = ready.baseline_networks.networks.get(strategy.name, ready.backbones["tiny"])
    return StrategyCase(strategy, ready, backbone)


def find_failures(
    case: StrategyCase, *, expected: Mapping[str, str] | None = None, only: Iterable[str] = ()
) -> list[Finding]:
    """Run the checks, and return the failures.

    A strategy that does not apply to the tiny images is checked without learning.

    Args:
        case: The strategy and its run.
        expected: The reason of each expected failure, by the check's name.
        only: Names of the checks to run; all if empty.
    """
    chosen, reasons = {*only} or {*CHECKS}, expected or {}
    applies = case.strategy.applies(case.ready.task, case.backbone)
    found: dict[str, Finding] = {}
    for name, check in CHECKS.items():
        if name not in chosen or (not applies and check.__module__ == learning_checks.__name__):
            continue
        try:
            check(case)
        except CheckFailed as failure:
            found[str(failure)] = Finding(name, str(failure), reasons.get(name, ""))
        except FAILURES as error:  # code of a plugin
            message = f"The strategy raised {described(error)}"
            found.setdefault(message, Finding(name, message, reasons.get(name, "")))
    return [*found.values()]


def check_strategy(
    strategy: Strategy, *, expected_failures: Mapping[str, str] | None = None, only: Iterable[str] = ()
) -> list[Finding]:
    """Check a strategy on tiny images, in some seconds.

    Args:
        strategy: The strategy.
        expected_failures: The reason of each expected failure, by the check's name.
        only: Names of the checks to run; all if empty.

    Returns:
        The expected failures.

    Raises:
        CheckFailed: Checks fail that are not expected to; the message has a line for each.
    """
    with TemporaryDirectory() as folder:
        found = find_failures(
            case_of(strategy, tiny_run(Path(folder))), expected=expected_failures, only=only
        )
    if failed := [f"{each.check}: {each.message}" for each in found if not each.expected]:
        raise CheckFailed(f"{strategy.name} fails {len(failed)} checks:\n" + "\n".join(failed))
    return found


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
        return with_own_network(cls.prepare(folder), cls.strategy)

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
