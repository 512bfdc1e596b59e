"""Let trials that have been run answer together, where validation says that it pays."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from autotl.api import FoldScore
from autotl.clock import Budget
from autotl.config.run_settings import RunSettings
from autotl.evaluation import Ensemble, mixture
from autotl.finalize.ensemble_limits import EnsembleLimits, seconds_to_test
from autotl.finalize.ensemble_selection import MEMBERS, Chosen, select
from autotl.finalize.model_soup import Souped
from autotl.metrics import softmax
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache

SHARE = 0.01
"""Of the budget, for choosing the members: what they said is known, so that no network is run for it."""
TEST_SHARE = 0.2
"""Of the budget, for the members' passes over the test images beyond the winner's."""
POOL = 30
"""Trials to choose from, the best of them: weak ones are chosen by luck alone."""
SLIGHT = 1e-9
"""In units of accuracy, what is no lead but rounding."""
TIMED = 0.4
"""Seconds to time the answers of one kind of network."""


@dataclass(frozen=True, slots=True)
class Member:
    """A trial whose first fold's network answers with others, and its share of the mean."""

    trial: Trial
    weights: str
    share: float


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was found: the facts, and where an ensemble is kept its members and what they said together."""

    ensemble: Ensemble
    members: tuple[Member, ...] = ()
    folds: dict[int, FoldScore] = field(default_factory=dict)


def eligible(ledger: TrialHistory, winner: Trial) -> list[Trial]:
    """The trials whose first fold's weights are kept and that were not given up, the winner first, then by
    how good they are believed to be. Baselines are among them.
    """
    others = [
        trial
        for trial in ledger.trials.values()
        if trial is not winner
        and trial.state in ("complete", "stopped")
        and 0 in trial.folds
        and trial.model
        and Path(trial.model).is_file()
    ]
    others.sort(key=lambda trial: (-ledger.belief(trial), trial.number))
    return [winner, *others[: POOL - 1]]


def seconds_for_ensemble(
    ledger: TrialHistory,
    materials: RunCache,
    winner: Trial,
    budget: Budget,
    *,
    tests: int,
    besides: Collection[str | None],
) -> float:
    """What choosing an ensemble takes, and testing and timing its members at most, without the networks
    ``besides`` that are tested in any case.
    """
    if budget.seconds is None:
        return 0.0
    every = eligible(ledger, winner)
    passes = [seconds_to_test(materials, trial, tests) for trial in every if trial.model not in besides]
    kinds = len({(trial.arm.backbone, trial.side) for trial in every})
    testing = min(TEST_SHARE * budget.seconds, sum(sorted(passes, reverse=True)[: MEMBERS - 1]))
    return SHARE * budget.seconds + testing + TIMED * kinds


def ensemble(
    worker: TrialRunner,
    ledger: TrialHistory,
    winner: Trial,
    souped: Souped,
    *,
    due: float,
    setup: RunSettings,
) -> Assembled:
    """Choose networks whose mean probability scores best in validation, by :func:`select`, from the winner
    on; kept where that beats what would be delivered otherwise by more than ``due`` and one standard error,
    paired by image.

    Otherwise that is the winner, or the soup where one was kept, to which nothing more is due. The images are
    those of all folds of the first repeat that the winner was run on, and of the trials only those that were
    run on all of them; where that finds nothing to keep, and beside a soup, they are the first fold's.
    """
    share, clock, materials = setup.budget.seconds, worker.clock, worker.materials
    room = EnsembleLimits(
        materials,
        setup.limits,
        tests=len(materials.splits.test),
        seconds=float("inf") if share is None else TEST_SHARE * share,
        clock=clock,
    )
    every = {trial.number: trial for trial in eligible(ledger, winner)}
    if len(every) < 2:
        return Assembled(Ensemble(tried=1, why="no other trial has kept its weights"))
    if beyond := _beyond(room, list(every.values())):
        return Assembled(Ensemble(tried=1, why=f"with any second network, {beyond}"))
    over: Literal["trial", "soup"] = "trial"
    rival = winner
    if souped.soup.kept and souped.fold is not None:
        over, due = "soup", 0.0
        rival = Trial(-2, winner.arm, {}, 0, False, folds={0: souped.fold})
    end = float("inf") if share is None else clock.now() + SHARE * share
    found = Assembled(Ensemble())
    refused: list[str] = []

    def fits(numbers: Sequence[int]) -> bool:
        if why := room.why_not([every[number] for number in numbers]):
            refused.append(why)
        return not why

    once = tuple(sorted(fold for fold in rival.folds if fold < ledger.k))  # each image is counted once
    for folds in dict.fromkeys((once, (0,))):
        pool = [trial for trial in every.values() if trial.folds.keys() >= set(folds)]
        if len(pool) < 2:
            continue
        said = {
            trial.number: [softmax(trial.folds[i].logits.astype(np.float64), axis=1) for i in folds]
            for trial in pool
        }
        chosen = select(
            said,
            [ledger.labels[fold] for fold in folds],
            ledger.measure,
            first=winner.number,
            fits=fits,
            late=lambda: clock.now() > end,
        )
        found = _judged(ledger, every, chosen, rival, folds, due=due, tried=len(pool))
        if found.ensemble.kept:
            break
    facts = replace(found.ensemble, over=over, beyond=refused[0] if refused else "")
    return replace(found, ensemble=facts)


def _judged(
    ledger: TrialHistory,
    every: dict[int, Trial],
    chosen: Chosen,
    rival: Trial,
    folds: Sequence[int],
    *,
    due: float,
    tried: int,
) -> Assembled:
    """What was chosen, and whether it is kept."""
    if len(chosen.counts) < 2:
        why = "no other network made the answers better in validation"
        return Assembled(Ensemble(tried=tried, why=why))
    members = tuple(
        Member(every[number], str(every[number].model), share) for number, share in chosen.shares.items()
    )
    together = {fold: _said(ledger, members, fold) for fold in folds}
    gain = float(np.mean([together[fold].score - rival.folds[fold].score for fold in folds]))
    own = {fold: rival.folds[fold] for fold in folds}
    images = sum(len(ledger.labels[fold]) for fold in folds)
    apart = ledger.spread(
        Trial(-1, rival.arm, {}, 0, False, folds=together), replace(rival, number=-2, folds=own)
    )
    # as it is where there is no gain: about its own mean, one image more would always be one error and a bit
    se = math.hypot(apart, gain / math.sqrt(images))
    facts = Ensemble(
        gain - due - se > SLIGHT * ledger.unit,
        tuple(chosen.counts),
        tuple(chosen.shares.values()),
        tried,
        gain,
        se,
        due,
        images,
    )
    if facts.kept:
        return Assembled(facts, members, together)
    why = "it does not beat what is delivered in validation by more than the standard error"
    if due:
        why += " and what training again on all images is expected to bring"
    return Assembled(replace(facts, why=why))


def _said(ledger: TrialHistory, members: Sequence[Member], fold: int) -> FoldScore:
    logits = mixture(
        [member.trial.folds[fold].logits for member in members], [member.share for member in members]
    )
    return FoldScore(fold, ledger.measure(ledger.labels[fold], logits), logits, 0.0, 0)


def _beyond(room: EnsembleLimits, every: Sequence[Trial]) -> str:
    """Why not even one more network may be delivered beside the first; "" where one may."""
    whys = [room.why_not([every[0], other]) for other in every[1:]]
    return whys[0] if all(whys) else ""
