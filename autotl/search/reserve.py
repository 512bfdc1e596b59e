"""Keep some of the budget for what comes after the search, and train the winner once more with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace

from autotl.api import WHOLE, Arm, Outcome
from autotl.clock import Budget, Clock, Deadline
from autotl.search.catching_up import seconds_for_curves
from autotl.search.ensemble import seconds_for_ensemble
from autotl.search.jobs import job_of, refit_job
from autotl.search.ledger import Ledger
from autotl.search.looks import Trunks
from autotl.search.materials import Materials
from autotl.search.soup import seconds_for_soup
from autotl.search.trial import Trial
from autotl.search.work import Worker

REPORT_SECONDS = 1.5
SAFETY = 1.2
REFIT_SHARE, REFIT_HELD = 0.3, 0.2
"""Of the budget, for training the winner on all images, where its folds leave out this share of them; less
where they leave out less.
"""
LEAST_HELD = 0.05
"""Without a budget no share is too dear, but that of fewer images is not worth another training."""
REPEAT_SHARE = 0.05
"""Of the budget, for testing more than one network of each side of the gain."""


def refit_seconds(fold: float, held: float) -> float:
    """What training on all rows takes where a fold, that leaves the share ``held`` of them out, takes so many
    seconds; 0 where none may be learned from: no refit.
    """
    return fold / (1 - held) if held else 0.0


def worth_refitting(fold: float, held: float, budget: Budget) -> bool:
    """Whether a refit costs little enough: the last fifth of the images is not worth half the search."""
    if budget.seconds is None:
        return held >= LEAST_HELD
    return (
        held > 0 and refit_seconds(fold, held) <= REFIT_SHARE * min(1.0, held / REFIT_HELD) * budget.seconds
    )


def is_due(trial: Trial, held: float, budget: Budget) -> bool:
    """Return whether a refit of this trial is worth it.

    How long one that was stopped would take is unknown, and one that takes a part of the images in each epoch
    gains nothing from more of them.
    """
    whole = trial.state != "stopped" and trial.params.get("part", 1.0) >= 1
    return whole and worth_refitting(trial.fold_seconds, held, budget)


def kept_for_refit(fold: float, held: float, budget: Budget) -> float:
    """What is kept of the budget to train a winner again whose folds take so many seconds."""
    return SAFETY * refit_seconds(fold, held) if worth_refitting(fold, held, budget) else 0.0


def expected_of_refit(ledger: Ledger, trial: Trial, budget: Budget) -> float:
    """What training the trial again on all training rows is expected to add to its score; 0 without a refit.

    Errors are taken to fall with the root of the number of images, as the prior of the learning curves does.
    """
    held = ledger.held_of(trial.arm.backbone)
    if not is_due(trial, held, budget):
        return 0.0
    return (1 - (ledger.score(trial) or 0.0)) * (1 - math.sqrt(1 - held))


def reserve(
    ledger: Ledger,
    materials: Materials,
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
            looked = materials.looked.get((trial.arm.backbone, trial.side or backbone.side))
            new = 1.0 if looked is None else max(0.0, 1 - len(looked[0]) / max(1, tests))
            shared[trial.arm.backbone, trial.side] = SAFETY * once * new
        else:
            seconds += SAFETY * once
            repeats += once * (len(trial.models) - 1)
    return seconds + sum(shared.values()) + min(repeats, spare(budget))


def spare(budget: Budget) -> float:
    """Seconds for testing further networks of the two sides whose difference is the gain of transfer."""
    return math.inf if budget.seconds is None else REPEAT_SHARE * budget.seconds


def rivals(ledger: Ledger, baselines: Collection[Arm]) -> tuple[Trial | None, Trial | None]:
    """The best trial that transfers and the best that does not."""
    best = [arm for arm in ledger.arms() if ledger.best(arm)]
    transfer = ledger.best(among=[arm for arm in best if arm not in baselines], leading=True)
    return transfer, ledger.best(among=[arm for arm in best if arm in baselines], leading=True)


def deadline(
    started: float,
    budget: Budget,
    ledger: Ledger,
    materials: Materials,
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


def _end(started: float, budget: Budget) -> float:
    """The end of the budget on the clock."""
    return math.inf if budget.seconds is None else started + budget.seconds


def until_report(clock: Clock, started: float, budget: Budget) -> Deadline:
    """When everything but the report has to be done."""
    return Deadline(clock, _end(started, budget) - REPORT_SECONDS)


def repeat(
    worker: Worker, ledger: Ledger, baselines: Collection[Arm], budget: Budget, *, end: Deadline
) -> None:
    """Train the two rivals again on folds whose networks were not kept, where that takes next to nothing.

    The interval of the gain wants several networks of each: those of the first repeat, as the search keeps.
    No training goes on beyond ``end``.
    """
    for trial in rivals(ledger, baselines):
        wanted = {fold for fold in trial.folds if fold < ledger.k} if trial else set()
        missing = sorted(wanted - trial.models.keys()) if trial else []
        if trial and missing and trial.fold_seconds * len(missing) <= 0.5 * spare(budget):
            again = replace(worker, keep=0.0)(
                job_of(trial, tuple(missing)), lambda job, said: "stopped" if end.passed() else None
            )
            trial.models |= again.models if again.state == "complete" else {}


def refit(
    worker: Worker, winner: Trial, held: float, clock: Clock, started: float, budget: Budget
) -> Outcome | None:
    """Train the winner's settings on all training rows, of which its folds ``held`` this share out; None
    where there is no need, no time, or it fails.
    """
    fold, backbone = winner.fold_seconds, worker.materials.backbones[winner.arm.backbone]
    test = backbone.pace.seconds(len(worker.materials.splits.test), side=winner.side or backbone.side)
    end = _end(started, budget) - REPORT_SECONDS - SAFETY * test
    if not is_due(winner, held, budget) or clock.now() + refit_seconds(fold, held) > end:
        return None
    outcome = worker(refit_job(winner), lambda job, said: "stopped" if clock.now() > end else None)
    return outcome if outcome.state == "complete" and WHOLE in outcome.models else None
