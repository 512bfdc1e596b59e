"""Keep some of the budget for what comes after the search, and train the winner once more with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from autotl.api import Arm
from autotl.budget.refit_policy import SAFETY, is_due, refit_seconds, spare
from autotl.clock import Budget, Clock, Deadline
from autotl.finalize.ensemble import seconds_for_ensemble
from autotl.finalize.model_soup import seconds_for_soup
from autotl.finalize.prediction_cache import Trunks
from autotl.finalize.scratch_crossover import seconds_for_curves
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache

REPORT_SECONDS = 1.5


def reserve(
    ledger: TrialHistory,
    materials: RunCache,
    trunks: Trunks,
    *,
    budget: Budget,
    tests: int,
    arms: int,
    baselines: Collection[Arm] = (),
    ensemble: bool = False,
) -> float:
    """Seconds to keep for averaging weights, the refit of the best trial, testing each arm and the best
    default, and the reports.

    Where fewer than all ``arms`` have scored, one more will: the one that is running. With ``baselines``,
    for the curves of the best of them and of the best other trial as well; with ``ensemble``, for testing
    its members.
    """
    best = ledger.best()
    seconds = REPORT_SECONDS
    seen = {trial.model: trial for arm in ledger.arms() if (trial := ledger.best(arm))}
    passes = [*seen.values()]
    if (standard := ledger.best(defaults=True)) and standard.model not in seen:
        passes.append(standard)
    held = 0.0 if best is None else ledger.held_of(best.arm.backbone)
    if best is not None and is_due(best, held, budget):
        seconds += SAFETY * refit_seconds(best.fold_seconds, held)
        passes.append(best)
    if best is not None:
        backbone = materials.backbones[best.arm.backbone]
        look = backbone.pace.seconds(len(ledger.labels[0]), side=best.side or backbone.side)
        seconds += seconds_for_soup(ledger, best, SAFETY * look, budget)
        if ensemble:
            besides = [trial.model for trial in passes]
            seconds += SAFETY * seconds_for_ensemble(
                ledger, materials, best, budget, tests=tests, besides=besides
            )
    if baselines:
        seconds += seconds_for_curves(*rivals(ledger, baselines))
    if len(seen) < arms:
        paces = [each.pace.seconds(tests, side=each.side) for each in materials.backbones.values()]
        seconds += SAFETY * max(paces)
    shared: dict[tuple[str, int], float] = {}
    repeats = 0.0
    for trial in passes:
        backbone = materials.backbones[trial.arm.backbone]
        once = backbone.pace.seconds(tests, side=trial.side or backbone.side)
        if trunks.is_source(trial.arm.backbone, str(trial.model)):
            looked = materials.extra_features.get((trial.arm.backbone, trial.side or backbone.side))
            new = 1.0 if looked is None else max(0.0, 1 - len(looked[0]) / max(1, tests))
            shared[trial.arm.backbone, trial.side] = SAFETY * once * new
        else:
            seconds += SAFETY * once
            repeats += once * (len(trial.models) - 1)
    return seconds + sum(shared.values()) + min(repeats, spare(budget))


def rivals(ledger: TrialHistory, baselines: Collection[Arm]) -> tuple[Trial | None, Trial | None]:
    """The best trial that transfers and the best that does not."""
    best = [arm for arm in ledger.arms() if ledger.best(arm)]
    transfer = ledger.best(among=[arm for arm in best if arm not in baselines], leading=True)
    return transfer, ledger.best(among=[arm for arm in best if arm in baselines], leading=True)


def deadline(
    started: float,
    budget: Budget,
    ledger: TrialHistory,
    materials: RunCache,
    *,
    tests: int,
    arms: int,
    baselines: Collection[Arm] = (),
    ensemble: bool = False,
) -> Callable[[], float]:
    """When, on the clock, trials must end: earlier or later as the search learns what the end will cost."""

    trunks = Trunks(materials)
    known: dict[int, float] = {}  # asked at every step, but it changes only with the ledger

    def until() -> float:
        if budget.seconds is None:
            return float("inf")
        if ledger.version not in known:
            known.clear()
            known[ledger.version] = reserve(
                ledger,
                materials,
                trunks,
                budget=budget,
                tests=tests,
                arms=arms,
                baselines=baselines,
                ensemble=ensemble,
            )
        return started + budget.seconds - known[ledger.version]

    return until


def end_of_budget(started: float, budget: Budget) -> float:
    """The end of the budget on the clock."""
    return math.inf if budget.seconds is None else started + budget.seconds


def until_report(clock: Clock, started: float, budget: Budget) -> Deadline:
    """When everything but the report has to be done."""
    return Deadline(clock, end_of_budget(started, budget) - REPORT_SECONDS)
