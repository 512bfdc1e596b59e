"""Average the weights of trials that have been run, as long as validation likes it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from autotl.api import FoldScore
from autotl.clock import Budget, Clock
from autotl.evaluation import Soup
from autotl.training import predict_logits
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import save_weights
from autotl.workbench.trial_workbench import TrialWorkbench

SHARE = 0.03
"""Of the budget, for trying averages."""
STATISTICS = ("running_mean", "running_var")
State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Souped:
    """What was found: the facts, and where one is kept its weights and what it said in validation."""

    soup: Soup
    weights: str = ""
    fold: FoldScore | None = None


def kin(ledger: TrialHistory, winner: Trial) -> list[Trial]:
    """The trials whose first fold's network started from the same weights as the winner's and sees images of
    the same size, by how good they are believed to be; the winner is among them.
    """
    if winner.baseline:
        return []  # each starts from random weights of its own
    found = [
        trial
        for trial in ledger.trials.values()
        if trial.arm.backbone == winner.arm.backbone
        and trial.side == winner.side
        and not trial.baseline
        and trial.state in ("complete", "stopped")
        and 0 in trial.folds
        and trial.model
        and Path(trial.model).is_file()
    ]
    return sorted(found, key=ledger.belief, reverse=True)


def seconds_for_soup(ledger: TrialHistory, winner: Trial, look: float, budget: Budget) -> float:
    """What trying takes, at ``look`` seconds for a pass over the first fold's validation images."""
    bound = float("inf") if budget.seconds is None else SHARE * budget.seconds
    return min(bound, look * max(0, len(kin(ledger, winner)) - 1))


def soup(
    worker: TrialRunner, ledger: TrialHistory, winner: Trial, *, due: float, clock: Clock, seconds: float
) -> Souped:
    """Average the networks of the winner's kin greedily, best first, each added where the score on the first
    fold's validation images does not fall (Wortsman et al., Model Soups, ICML 2022).

    It is kept where it beats the winner on those images by more than ``due`` and one standard error, paired
    by image. Only networks with the BatchNorm statistics of the first are taken: the mean of statistics is
    not those of the mean network, and to measure them again for every average takes passes over training
    images that cost more than all else here. ``seconds`` bound the time: what is not tried by then is left.
    """
    backbone = worker.materials.backbones[winner.arm.backbone]
    every = kin(ledger, winner)
    if not backbone.weights.pretrained or not every:
        return Souped(Soup(why="networks that start from different random weights cannot be averaged"))
    end = clock.now() + seconds
    first, *others = every
    state: State = load_file(str(first.model))
    used, best, tried = [first.number], first.folds[0], 1
    rows = worker.materials.splits.folds[0]
    bench = TrialWorkbench(worker.materials, worker.task, backbone, rows, seed=0, metric=worker.measure)
    model = worker.materials.model(backbone.name)
    last = 0.0
    for trial in others:
        began = clock.now()
        if began + last > end:
            break
        other = load_file(str(trial.model))
        if not can_mix(state, other):
            continue
        mixed = average(state, other, of=len(used))
        model.load_state_dict(mixed)
        logits = predict_logits(model, bench.pixels(side=winner.side).val, bench)
        score, tried = bench.score(logits), tried + 1
        last = clock.now() - began
        if logits.isfinite().all() and score >= best.score:
            state, best = mixed, FoldScore(0, score, logits.numpy(), last, 0)
            used.append(trial.number)
    if len(used) < 2:
        why = "no other network could be averaged with the leading one without a loss in validation"
        return Souped(Soup(tried=tried, why=why))
    gain = best.score - winner.folds[0].score
    apart = ledger.spread(Trial(-1, winner.arm, {}, 0, False, folds={0: best}), winner)
    # as it is where there is no gain: about its own mean, one image more would always be one error and a bit
    se = math.hypot(apart, gain / math.sqrt(len(rows.val)))
    found = Soup(gain > due + se, tuple(used), tried, gain, se, due)
    if not found.kept:
        return Souped(_refused(found))
    model.load_state_dict(state)
    return Souped(found, save_weights(worker.folder / "soup.safetensors", model), best)


def can_mix(one: State, other: State) -> bool:
    """Whether two networks have the same layers, and the same BatchNorm statistics bit for bit."""
    return one.keys() == other.keys() and all(
        value.shape == other[name].shape
        and (not name.endswith(STATISTICS) or torch.equal(value, other[name]))
        for name, value in one.items()
    )


def average(state: State, other: State, *, of: int) -> dict[str, Tensor]:
    """The mean of ``of`` networks whose mean is ``state``, and of one more."""
    return {
        name: torch.lerp(value, other[name], 1 / (of + 1)) if value.is_floating_point() else value
        for name, value in state.items()
    }


def _refused(found: Soup) -> Soup:
    why = "it does not beat the chosen trial in validation by more than the standard error"
    if found.due:
        why += " and what training again on all images is expected to bring"
    return Soup(False, found.trials, found.tried, found.gain, found.se, found.due, why)
