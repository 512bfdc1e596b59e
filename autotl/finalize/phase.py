"""The input of the final phase of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autotl.analysis.data_issues import DataIssues
from autotl.api import Arm, Strategy
from autotl.budget.policy import POLICY
from autotl.clock import Budget, Clock, Deadline
from autotl.config.limits import Limits
from autotl.data import LockedTest
from autotl.preparation.additional.place_of_use import PlaceOfUse
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache


@dataclass(frozen=True, slots=True)
class FinalOptions:
    """The options of the final phase.

    Attributes:
        budget: The budget of the run.
        limits: The limits on latency and size of the exported model.
        crossover: Whether to measure the scratch crossover.
        ensemble: Whether to try an ensemble.
        seed: The seed of the run.
        tta: Whether to try test-time augmentation.
    """

    budget: Budget
    limits: Limits = field(default_factory=Limits)
    crossover: bool = False
    ensemble: bool = False
    seed: int = 0
    tta: bool = False


def independent(network: str) -> bool:
    """Return True: by default the folds of every network are independent."""
    return True


@dataclass(frozen=True, slots=True)
class FinalPhase:
    """The input of all steps of the final phase.

    Attributes:
        runner: Runs trainings, on the data of the run.
        history: All trials.
        options: The options.
        started: When the run started, on the clock.
        locked: The test set.
        arms: The number of arms in the search.
        baselines: The arms that transfer nothing.
        issues: The data issues that were found before the search.
        independent_folds: Returns whether a network's folds share no near copies, so that calibration on
            them can be trusted.
        with_test: The run cache with the test images; None if the runner's has them.
        additional: The strategies that learn from the images of each additional role, by role.
        counterparts: The strategies that do the same without additional images, by strategy.
        place: The images of the place of use; None if there are none.
        adaptations: The strategies that adapt to them, by name.
    """

    runner: TrialRunner
    history: TrialHistory
    options: FinalOptions
    started: float
    locked: LockedTest
    arms: int = 1
    baselines: tuple[Arm, ...] = ()
    issues: DataIssues | None = None
    independent_folds: Callable[[str], bool] = independent
    with_test: RunCache | None = None
    additional: Mapping[str, frozenset[str]] = field(default_factory=dict)
    counterparts: Mapping[str, str] = field(default_factory=dict)
    place: PlaceOfUse | None = None
    adaptations: Mapping[str, Strategy] = field(default_factory=dict)

    @property
    def run_cache(self) -> RunCache:
        """The images, features and networks of the run, with the test images."""
        return self.runner.run_cache if self.with_test is None else self.with_test

    @property
    def clock(self) -> Clock:
        """The clock."""
        return self.runner.clock

    @property
    def budget(self) -> Budget:
        """The budget of the run."""
        return self.options.budget

    @property
    def end(self) -> float:
        """The end of the budget on the clock, or infinity."""
        return math.inf if self.budget.seconds is None else self.started + self.budget.seconds

    @property
    def report_deadline(self) -> Deadline:
        """When everything but the report must be done."""
        return Deadline(self.clock, self.end - POLICY.report_seconds)

    def pass_seconds(self, trial: Trial, images: int) -> float:
        """Return the expected seconds of a network's pass over so many images."""
        backbone = self.run_cache.backbones[trial.arm.backbone]
        return backbone.pace.seconds(images, input_size=trial.input_size or backbone.input_size)

    def best_of_both_sides(self) -> tuple[Trial | None, Trial | None]:
        """Return the best trial that transfers and the best baseline, however expensive."""
        history = self.history
        arms = [arm for arm in history.arms() if history.best(arm)]
        transfer = [arm for arm in arms if arm not in self.baselines]
        baselines = [arm for arm in arms if arm in self.baselines]
        return (
            history.best(among=transfer, ignore_cost=True),
            history.best(among=baselines, ignore_cost=True),
        )

    def with_and_without(self, role: str) -> tuple[Trial | None, Trial | None]:
        """Return the best trial with a role's images, and one without.

        The latter is the best trial of the former's counterpart, on the same backbone if there is one. The
        difference then comes from the images. Without a counterpart it is the best of all other trials.
        """
        history = self.history
        arms = [arm for arm in history.arms() if history.best(arm)]
        best = history.best(
            among=[arm for arm in arms if arm.strategy in self.additional[role]], ignore_cost=True
        )
        others = [arm for arm in arms if arm.strategy not in self.additional[role]]
        if best is not None:
            name = self.counterparts.get(best.arm.strategy)
            alike = [arm for arm in others if arm.strategy == name]
            others = [arm for arm in alike if arm.backbone == best.arm.backbone] or alike or others
        return best, history.best(among=others, ignore_cost=True)

    def compared_trials(self) -> list[Trial]:
        """Return the trials of both sides of all comparisons, each once."""
        sides = [self.best_of_both_sides(), *map(self.with_and_without, self.additional)]
        found = {trial.number: trial for pair in sides for trial in pair if trial is not None}
        return [*found.values()]
