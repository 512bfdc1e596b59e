"""When a running trial is told to end."""

from __future__ import annotations

import math
from types import ModuleType

import pytest

from autotl.api import Arm, Epoch, Job, Said
from autotl.clock import FakeClock
from autotl.search.stopping_rules import StoppingRules
from autotl.terminal import Silence
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

PATIENCE = 12.0
ARM = Arm("scratch", "net")


class Watched:
    """A baseline's default that runs while nothing else has been scored."""

    def __init__(self, fakes: ModuleType, *, baseline: bool = True) -> None:
        self.clock = FakeClock()
        self.trial = Trial(0, ARM, {}, 0, True, baseline=baseline)
        self.oversight = StoppingRules(
            TrialHistory([]),
            {},
            clock=self.clock,
            until=lambda: math.inf,
            patience=lambda trial: PATIENCE if trial is self.trial else 0.0,
            watch=Silence(),
        )
        self.oversight.begin(self.trial)

    def says(self, progress: float, *, fold: int = 0) -> str | None:
        job = Job(0, ARM.strategy, ARM.backbone, {}, (fold,), 0)
        return self.oversight.go(job, Said(fold, Epoch(int(progress > 0), progress=progress)))


def test_a_baseline_learns_for_its_share_of_the_time(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    assert watched.says(0.1) is None
    watched.clock.advance(PATIENCE)
    assert watched.says(0.5) is None
    watched.clock.advance(1)
    assert watched.says(0.6) == "stopped"


def test_it_has_not_learned_while_it_waited_for_a_worker(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    watched.clock.advance(2 * PATIENCE)  # its process starts
    assert watched.says(0.1) is None
    watched.clock.advance(PATIENCE + 1)
    assert watched.says(0.2) == "stopped"


@pytest.mark.parametrize("baseline", [True, False])
def test_nothing_else_is_held_to_that(fakes: ModuleType, baseline: bool) -> None:
    watched = Watched(fakes, baseline=baseline)
    assert watched.says(0.1, fold=1) is None
    watched.clock.advance(2 * PATIENCE)
    assert watched.says(0.2, fold=int(baseline)) is None  # of further folds nothing would be left


@pytest.mark.parametrize(("look", "told"), [(True, None), (False, "stopped")])
def test_a_first_look_has_not_learned_while_images_are_decoded(
    fakes: ModuleType, *, look: bool, told: str | None
) -> None:
    watched = Watched(fakes)
    watched.trial.look = look
    assert watched.says(0.0) is None
    watched.clock.advance(PATIENCE + 1)
    assert watched.says(0.1) == told


def test_a_first_look_decodes_no_longer_than_twice_its_patience(fakes: ModuleType) -> None:
    watched = Watched(fakes)
    watched.trial.look = True
    assert watched.says(0.0) is None
    watched.clock.advance(2 * PATIENCE)
    assert watched.says(0.0) is None
    watched.clock.advance(1)
    assert watched.says(0.0) == "stopped"
