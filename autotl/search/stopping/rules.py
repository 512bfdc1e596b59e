"""List all stopping rules.

A new rule is one module and one entry of RULES.
"""

from __future__ import annotations

from autotl.api import Arm, State
from autotl.search.stopping.arm_elimination import ArmEliminationRule
from autotl.search.stopping.baseline_overrun import BaselineOverrunRule
from autotl.search.stopping.deadline import DeadlineRule
from autotl.search.stopping.fold_racing import FoldRacingRule
from autotl.search.stopping.rule import StoppingContext, StoppingRule, TrialStep
from autotl.search.stopping.study_pruning import StudyPruningRule
from autotl.trials.trial import Trial

RULES: tuple[type[StoppingRule], ...] = (
    DeadlineRule,
    BaselineOverrunRule,
    StudyPruningRule,
    FoldRacingRule,
    ArmEliminationRule,
)
"""The rules, in the order in which they are asked."""


class StoppingRules:
    """All rules of a search."""

    def __init__(self, context: StoppingContext) -> None:
        self._rules = tuple(rule(context) for rule in RULES)

    def start(self, trial: Trial) -> None:
        """A job of ``trial`` starts."""
        for rule in self._rules:
            rule.start(trial)

    def ending(self, step: TrialStep, state: State) -> StoppingRule | None:
        """Return the first rule with ``state`` that ends the trial."""
        return next((rule for rule in self._rules if rule.state == state and rule.ends_trial(step)), None)

    def fold_reason(self, trial: Trial, best: Trial) -> str:
        """Return what keeps ``trial`` from further folds, or ""."""
        return next(filter(None, (rule.fold_reason(trial, best) for rule in self._rules)), "")

    def arm_reason(self, arm: Arm) -> str:
        """Return why ``arm`` starts no further trial, or "" if it may."""
        return next(filter(None, (rule.arm_reason(arm) for rule in self._rules)), "")
