"""The interface of a stopping rule, and its input."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autotl.api import Arm, Epoch, State
from autotl.clock import Clock, WallClock
from autotl.search.studies.arm_study import ArmStudy
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial


def _no_limit() -> float:
    return math.inf


def _no_limit_of(trial: Trial) -> float:
    return math.inf


@dataclass(frozen=True, slots=True)
class StoppingContext:
    """The input of all stopping rules.

    Attributes:
        history: All trials.
        studies: The study of each arm.
        clock: The clock.
        ends_at: Gives the time on the clock at which trials must end.
        seconds_for: Gives the seconds that a trial of a baseline may take.
    """

    history: TrialHistory
    studies: Mapping[Arm, ArmStudy] = field(default_factory=dict)
    clock: Clock = field(default_factory=WallClock)
    ends_at: Callable[[], float] = _no_limit
    seconds_for: Callable[[Trial], float] = _no_limit_of


@dataclass(frozen=True, slots=True)
class TrialStep:
    """A progress report of a running trial.

    Attributes:
        trial: The trial.
        fold: The fold that it is on, -1 for all training rows.
        epoch: Its progress on the fold, and its score if there is one.
        fold_done: Whether the fold has just been scored.
        now: The time on the clock.
    """

    trial: Trial
    fold: int
    epoch: Epoch
    fold_done: bool
    now: float


class StoppingRule:
    """Base class of stopping rules, which by default stop nothing.

    A rule can end a running trial, keep a trial from further folds, or keep an arm from further trials. To
    add a rule, subclass this in a new module and add the class to
    ``autotl.search.stopping.rules.RULES``.

    Attributes:
        state: The state of trials that the rule ends. A "stopped" rule is asked at each step. A "pruned" rule
            is asked when a new trial with non-default settings has an intermediate score on its first fold.
        reason: Why the rule ends a trial, for the report; "" takes the runner's sentence for the state.
    """

    state: State = "stopped"
    reason: str = ""

    def __init__(self, context: StoppingContext) -> None:
        self._context = context

    def start(self, trial: Trial) -> None:
        """A job of ``trial`` starts."""

    def ends_trial(self, step: TrialStep) -> bool:
        """Return whether the running trial must end now."""
        return False

    def fold_reason(self, trial: Trial, best: Trial) -> str:
        """Return what keeps ``trial`` from further folds, or ""."""
        return ""

    def arm_reason(self, arm: Arm) -> str:
        """Return why ``arm`` starts no further trial, or "" if it may."""
        return ""
