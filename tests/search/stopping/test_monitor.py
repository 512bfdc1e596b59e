"""The end of a running trial."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from autotl.api import Arm, Epoch, Job, JobProgress
from autotl.clock import FakeClock
from autotl.search.stopping.monitor import TrialMonitor
from autotl.search.stopping.rule import StoppingContext
from autotl.search.stopping.rules import StoppingRules
from autotl.terminal import Silence
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

ALLOWED = 12.0
ARM = Arm("scratch", "net")


class Watched:
    """A baseline's default trial, while no other trial has a score."""

    def __init__(self, fakes: ModuleType, *, baseline: bool = True) -> None:
        self.clock = FakeClock()
        self.trial = Trial(0, ARM, {}, 0, True, baseline=baseline)
        context = StoppingContext(
            TrialHistory([]),
            clock=self.clock,
            ends_at=lambda: math.inf,
            seconds_for=lambda trial: ALLOWED if trial is self.trial else 0.0,
        )
        self.monitor = TrialMonitor(StoppingRules(context), self.clock, Silence())
        self.monitor.start(self.trial)

    def report(self, progress: float, *, fold: int = 0) -> str | None:
        job = Job(0, ARM.strategy, ARM.backbone, {}, (fold,), 0)
        return self.monitor.on_progress(job, JobProgress(fold, Epoch(int(progress > 0), progress=progress)))


def test_a_baseline_trains_for_its_part_of_the_time(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    assert watched.report(0.1) is None
    watched.clock.advance(ALLOWED)
    assert watched.report(0.5) is None
    watched.clock.advance(1)
    assert watched.report(0.6) == "stopped"


def test_waiting_for_a_process_does_not_count_as_training(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    watched.clock.advance(2 * ALLOWED)  # its process starts
    assert watched.report(0.1) is None
    watched.clock.advance(ALLOWED + 1)
    assert watched.report(0.2) == "stopped"


@pytest.mark.parametrize("baseline", [True, False])
def test_other_trials_and_folds_have_no_such_limit(fakes: ModuleType, baseline: bool) -> None:
    watched = Watched(fakes, baseline=baseline)
    assert watched.report(0.1, fold=1) is None
    watched.clock.advance(2 * ALLOWED)
    assert watched.report(0.2, fold=int(baseline)) is None  # of further folds nothing would be left


@pytest.mark.parametrize(("look", "told"), [(True, None), (False, "stopped")])
def test_decoding_images_does_not_count_for_a_first_look(
    fakes: ModuleType, *, look: bool, told: str | None
) -> None:
    watched = Watched(fakes)
    watched.trial.first_look = look
    assert watched.report(0.0) is None
    watched.clock.advance(ALLOWED + 1)
    assert watched.report(0.1) == told


def test_a_first_look_decodes_for_twice_its_time_at_most(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    watched.trial.first_look = True
    assert watched.report(0.0) is None
    watched.clock.advance(2 * ALLOWED)
    assert watched.report(0.0) is None
    watched.clock.advance(1)
    assert watched.report(0.0) == "stopped"
