"""The actions of a search."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import Arm
from autotl.trials.trial import Trial


@dataclass(frozen=True, slots=True)
class NewTrial:
    """Start a new trial of an arm."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class NextFold:
    """Run a trial on one more fold."""

    trial: Trial
    fold: int


@dataclass(frozen=True, slots=True)
class ResumeTrial:
    """Resume a pruned trial, to the end of its first fold."""

    trial: Trial


Action = NewTrial | NextFold | ResumeTrial


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A running trial, and the expected seconds of its job."""

    trial: Trial
    seconds: float
