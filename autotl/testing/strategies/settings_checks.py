"""Check a strategy's settings, reasons, cost and networks."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna import create_study
from optuna.logging import WARNING, get_verbosity, set_verbosity
from optuna.trial import FixedTrial

from autotl.api import FirstLook, Machine, OwnNetworks, Params, Strategy
from autotl.search.studies.scoped_trial import ScopedTrial
from autotl.testing.check_failed import require
from autotl.testing.strategies.case import StrategyCase

MACHINE = Machine("cpu", 2, 8 * 2**30)
LEAST_SECONDS = 0.01
"""Seconds below which time is mostly overhead."""
MAX_COST_RATIO = 20.0
"""Largest factor between the expected and the measured time."""


def check_contract(case: StrategyCase) -> None:
    """Check that every member exists, and that the name is usable."""
    strategy = case.strategy
    require(
        isinstance(strategy, Strategy),
        type(strategy).__name__,
        "The object must have the members of autotl.api.Strategy",
        "Add the missing members, or use autotl.toolbox.strategy.",
    )
    require(
        strategy.name.isidentifier(),
        repr(strategy.name),
        "The name must be an identifier",
        "Rename the strategy.",
    )
    for part in ("summary", "reference"):
        require(
            getattr(strategy, part),
            repr(getattr(strategy, part)),
            f"The {part} must be a text for the report",
            "Write a line.",
        )


def check_applies(case: StrategyCase) -> None:
    """Check that the answer of ``applies`` has a reason."""
    answer = case.strategy.applies(case.ready.task, case.backbone)
    require(answer.why, repr(answer), "applies must give its reason", "Return Applies(ok, 'the reason').")


def check_settings(case: StrategyCase) -> None:
    """Check that settings are plain data with the same keys."""
    suggested = _suggest(case)[0]
    for name, params in (("defaults", case.defaults), ("suggest", suggested)):
        try:
            same = json.loads(json.dumps(dict(params))) == params
        except (TypeError, ValueError):
            same = False
        require(
            same,
            f"{dict(params)!r} from {name}",
            "Settings must be numbers, texts and booleans, which JSON keeps",
            "Replace tuples and objects.",
        )
    require(
        case.defaults.keys() == suggested.keys(),
        f"{sorted(case.defaults)} and {sorted(suggested)}",
        "defaults and suggest must return the same keys",
        "Return every setting from both.",
    )


def check_suggestions(case: StrategyCase) -> None:
    """Check that suggestions depend on their space alone."""
    params, asked = _suggest(case)
    again = case.strategy.suggest(ScopedTrial(FixedTrial(dict(asked)), "x"), case.ready.task, case.backbone)
    require(
        again == params,
        f"{dict(params)!r} and then {dict(again)!r}",
        "The same answers must give the same settings",
        "Let suggest depend on its space, task and backbone alone.",
    )
    choices: dict[str, Sequence[Any]] = {}
    for pick in range(3):
        recorder = _Recorder(pick)
        case.strategy.suggest(recorder, case.ready.task, case.backbone)
        for name, offered in recorder.choices.items():
            known = choices.setdefault(name, offered)
            require(
                list(known) == list(offered),
                f"{list(known)!r} and then {list(offered)!r} for {name}",
                "The choices of a setting must not depend on other answers",
                "Offer all choices, and correct the setting afterwards.",
            )


def check_own_networks(case: StrategyCase) -> None:
    """Check that a baseline's networks have random weights and different names."""
    if not isinstance(case.strategy, OwnNetworks):
        return
    networks = case.strategy.networks(case.ready.task)
    require(networks, "none", "networks must return a network", "Return the smallest network at least.")
    require(
        case.strategy.baseline,
        "baseline = False",
        "Only a baseline may bring networks",
        "Set baseline = True.",
    )
    names = [weights.name for weights in networks]
    require(len({*names}) == len(names), repr(names), "Names of networks must differ", "Rename one.")
    for weights in networks:
        require(
            not weights.pretrained and weights.folder is None,
            repr(weights),
            "A baseline's network must start from random weights",
            "Set pretrained=False, and no folder.",
        )
        require(
            json.loads(json.dumps(dict(weights.args))) == weights.args,
            repr(weights.args),
            "The args of a network must be JSON values",
            "Replace tuples by lists.",
        )


def check_first_look(case: StrategyCase) -> None:
    """Check that a first look is a shorter training."""
    if not isinstance(case.strategy, FirstLook):
        return
    task, backbone = case.ready.task, case.backbone
    look, planned = case.strategy.look(task, backbone), case.defaults
    require(
        look.keys() - {"part"} == planned.keys() - {"part"},
        f"{sorted(look)} and {sorted(planned)}",
        "look must return the keys of defaults",
        "Start from the defaults.",
    )
    require(
        type(look.get("epochs")) is int and 1 <= look["epochs"] <= planned["epochs"],
        f"epochs={look.get('epochs')!r} of {planned.get('epochs')!r}",
        "The epochs of a look must be an integer from 1 to those of the defaults",
        "Shorten the training.",
    )
    require(0 < look.get("part", 1.0) <= 1, repr(look.get("part")), "part must be in (0, 1]", "Correct it.")
    costs = [case.strategy.cost(params, task, backbone, MACHINE).seconds for params in (look, planned)]
    require(
        costs == sorted(costs), repr(costs), "A look must not cost more than the defaults", "Correct cost."
    )


def check_cost(case: StrategyCase) -> None:
    """Check that the cost is near the time that is taken."""
    cost = case.strategy.cost(case.defaults, case.ready.task, case.backbone, MACHINE)
    require(
        math.isfinite(cost.seconds) and cost.seconds >= 0,
        repr(cost.seconds),
        "The cost must be a finite number of seconds, 0 or more",
        "Use training_seconds, epoch_seconds and head_seconds of autotl.toolbox.",
    )
    taken = case.usual.seconds / case.slowdown
    if _ratio(cost.seconds, taken) > MAX_COST_RATIO:  # other processes may have slowed the first learning
        taken = min(taken, case.learn().seconds / case.slowdown)
    require(
        _ratio(cost.seconds, taken) <= MAX_COST_RATIO,
        f"{cost.seconds:.3g} s expected and {taken:.3g} s taken",
        f"The cost must be within a factor of {MAX_COST_RATIO:.0f} of the time on one fold",
        "Use training_seconds, epoch_seconds and head_seconds of autotl.toolbox.",
    )


def _ratio(expected: float, taken: float) -> float:
    low, high = sorted((max(expected, LEAST_SECONDS), max(taken, LEAST_SECONDS)))
    return high / low


def _suggest(case: StrategyCase) -> tuple[Params, Mapping[str, Any]]:
    before = get_verbosity()
    set_verbosity(WARNING)  # a new study is announced on standard error
    try:
        trial = create_study().ask()
    finally:
        set_verbosity(before)
    return case.strategy.suggest(ScopedTrial(trial, "x"), case.ready.task, case.backbone), dict(trial.params)


class _Recorder:
    """A space that records choices, and answers with the low end, the middle or the high end."""

    def __init__(self, pick: int) -> None:
        self._pick = pick / 2
        self.choices: dict[str, Sequence[Any]] = {}

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        return low + self._pick * (high - low)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        return round(low + self._pick * (high - low))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.choices[name] = choices
        return choices[round(self._pick * (len(choices) - 1))]
