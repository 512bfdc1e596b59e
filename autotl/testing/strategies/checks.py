"""Run the checks of a strategy, without a test framework."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import walk_tb

from autotl.api import Strategy
from autotl.errors import FAILURES, described
from autotl.testing.bench import tiny_run
from autotl.testing.check_failed import CheckFailed
from autotl.testing.strategies import learning_checks, settings_checks, target_checks
from autotl.testing.strategies.case import StrategyCase, case_of

Check = Callable[[StrategyCase], None]
_LIBRARIES = frozenset({"autotl", "torch", "timm", "optuna", "numpy", "sklearn"})
RAISED = "The strategy raised"
"""The start of a message of a finding if a check ended with an error of the strategy."""

CHECKS: Mapping[str, Check] = {
    name.removeprefix("check_"): check
    for module in (settings_checks, learning_checks, target_checks)
    for name, check in vars(module).items()
    if name.startswith("check_")
}
"""The checks of a strategy, by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed.

    ``expected`` is the strategy's own reason for the failure; "" if it is not expected. ``also`` names the
    other checks that failed with the same message.
    """

    check: str
    message: str
    expected: str = ""
    also: tuple[str, ...] = ()


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
    try:
        applies = case.strategy.applies(case.ready.task, case.backbone)
    except FAILURES as error:  # code of a plugin
        return [Finding("applies", f"{RAISED} {described(error)}{_place(error)}", reasons.get("applies", ""))]
    found: dict[str, Finding] = {}
    for name, check in CHECKS.items():
        if name not in chosen or (not applies and check.__module__ == learning_checks.__name__):
            continue
        try:
            check(case)
        except CheckFailed as failure:
            found[str(failure)] = Finding(name, str(failure), reasons.get(name, ""))
        except FAILURES as error:  # code of a plugin
            message = f"{RAISED} {described(error)}{_place(error)}"
            first = found.get(message)
            found[message] = (
                replace(first, also=(*first.also, name))
                if first
                else Finding(name, message, reasons.get(name, ""))
            )
    return [*found.values()]


def _place(error: BaseException) -> str:
    """Return the line of a plugin at which an error was raised; "" if only libraries are on the way."""
    found = ""
    for frame, line in walk_tb(error.__traceback__):
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in _LIBRARIES:
            found = f" ({Path(frame.f_code.co_filename).name}, line {line})"
    return found


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
