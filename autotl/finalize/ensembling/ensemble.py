"""Ensembles of several trials, if they improve the validation score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from autotl.api import FoldScore
from autotl.budget.policy import POLICY
from autotl.budget.refit_policy import expected_refit_gain
from autotl.evaluation import Ensemble
from autotl.finalize.ensembling.limits import EnsembleLimits
from autotl.finalize.ensembling.selection import MAX_MEMBERS, SelectedMembers, select
from autotl.finalize.final_model import FinalModel, Member
from autotl.finalize.phase import FinalPhase
from autotl.finalize.tested_trials import tested_trials
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

POOL = 30
"""The most trials to select from, the best ones: weak trials are selected by chance only."""
ROUNDING = 1e-9
"""In units of accuracy, a difference that is only rounding."""
LATENCY_SECONDS = 0.4
"""Seconds to measure the latency of one kind of network."""


@dataclass(frozen=True, slots=True)
class EnsembleResult:
    """The facts of an ensemble, and its members if it is kept."""

    ensemble: Ensemble
    members: tuple[Member, ...] = ()
    folds: dict[int, FoldScore] = field(default_factory=dict)


class EnsembleStep:
    """The step that tries an ensemble, if it was requested."""

    name = "ensemble"
    optional = True

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds to select, test and time an ensemble."""
        phase, best = self._phase, history.best()
        budget = phase.budget.seconds
        if not phase.options.ensemble or budget is None or best is None:
            return 0.0
        pool, limits = eligible_trials(history, best), EnsembleLimits(phase)
        tested = {trial.model for trial in tested_trials(history, phase.budget)}
        passes = [limits.test_seconds(trial) for trial in pool if trial.model not in tested]
        kinds = len({(trial.arm.backbone, trial.input_size) for trial in pool})
        longest = sum(sorted(passes, reverse=True)[: MAX_MEMBERS - 1])
        testing = min(POLICY.ensemble_test * budget, longest)
        return POLICY.margin * (POLICY.ensemble * budget + testing + LATENCY_SECONDS * kinds)

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with an ensemble's members, if that is clearly better."""
        if not self._phase.options.ensemble or model.adapted:
            return model
        required = expected_refit_gain(self._phase.history, model.trial, self._phase.budget)
        found = find_ensemble(self._phase, model, required=required)
        if not found.members:
            return replace(model, ensemble=found.ensemble)
        return replace(
            model,
            ensemble=found.ensemble,
            members=found.members,
            weights=found.members[0].weights,
            outputs=found.folds,
        )


def eligible_trials(history: TrialHistory, winner: Trial) -> list[Trial]:
    """Return the trials that can be members, the winner first.

    Baselines are among them, pruned trials are not.
    """
    others = [
        trial
        for trial in history.trials.values()
        if trial is not winner
        and trial.state in ("complete", "stopped")
        and 0 in trial.folds
        and trial.model
        and Path(trial.model).is_file()
    ]
    others.sort(key=lambda trial: (-history.posterior_mean(trial), trial.number))
    return [winner, *others[: POOL - 1]]


def find_ensemble(phase: FinalPhase, model: FinalModel, *, required: float) -> EnsembleResult:
    """Select an ensemble, and compare it with the model so far.

    Outputs are compared on all folds of the first repeat that the winner has run on, among trials that have
    run on them too. If no ensemble is kept there, or a soup is the model so far, they are compared on the
    first fold.

    Args:
        phase: The final phase.
        model: The model so far: the winner or a soup.
        required: By how much the ensemble must beat the winner, beyond one standard error paired by image. A
            soup must be beaten by one standard error only.
    """
    winner = model.trial
    search = _EnsembleSearch(phase, winner)
    if len(search.pool) < 2:
        return EnsembleResult(Ensemble(tried=1, why="no other trial has kept its weights"))
    if violated := search.limit_for_any():
        return EnsembleResult(Ensemble(tried=1, why=f"with any second network, {violated}"))
    over: Literal["trial", "soup"] = "trial"
    rival = winner
    if model.soup.kept:
        over, required = "soup", 0.0
        rival = Trial(-2, winner.arm, {}, 0, False, folds=dict(model.outputs))
    first_repeat = tuple(sorted(fold for fold in rival.folds if fold < phase.history.folds_per_repeat))
    found = EnsembleResult(Ensemble())
    for folds in dict.fromkeys((first_repeat, (0,))):
        if len(search.pool_on(folds)) > 1:
            found = search.compare(rival, folds, required)
        if found.ensemble.kept:
            break
    facts = replace(found.ensemble, over=over, beyond=search.refused[0] if search.refused else "")
    return replace(found, ensemble=facts)


class _EnsembleSearch:
    """The trials of an ensemble, and the violations of the limits."""

    def __init__(self, phase: FinalPhase, winner: Trial) -> None:
        self._history, self._clock, self._winner = phase.history, phase.clock, winner
        self._limits = EnsembleLimits(phase)
        budget = phase.budget.seconds
        self._seconds = math.inf if budget is None else POLICY.ensemble * budget
        self._end: float | None = None
        self.pool = {trial.number: trial for trial in eligible_trials(phase.history, winner)}
        self.refused: list[str] = []

    def limit_for_any(self) -> str:
        """Return the limit that every second network violates, or ""."""
        first, *others = self.pool.values()
        violated = [self._limits.violated([first, other]) for other in others]
        return violated[0] if all(violated) else ""

    def pool_on(self, folds: Sequence[int]) -> list[Trial]:
        """Return the trials that have run on all these folds."""
        return [trial for trial in self.pool.values() if trial.folds.keys() >= set(folds)]

    def compare(self, rival: Trial, folds: Sequence[int], required: float) -> EnsembleResult:
        """Select an ensemble on these folds, and decide whether it is kept."""
        history, pool = self._history, self.pool_on(folds)
        end = self._end = self._end or self._clock.now() + self._seconds
        selected = select(
            {trial.number: [history.target.predict(trial.folds[i].outputs) for i in folds] for trial in pool},
            [history.targets[fold] for fold in folds],
            history.target,
            history.metric,
            first=self._winner.number,
            fits=self._fits,
            late=lambda: self._clock.now() > end,
        )
        if len(selected.counts) < 2:
            why = "no other network made the answers better in validation"
            return EnsembleResult(Ensemble(tried=len(pool), why=why))
        return self._judge(selected, rival, folds, required, tried=len(pool))

    def _fits(self, numbers: Sequence[int]) -> bool:
        if violated := self._limits.violated([self.pool[number] for number in numbers]):
            self.refused.append(violated)
        return not violated

    def _judge(
        self, selected: SelectedMembers, rival: Trial, folds: Sequence[int], required: float, *, tried: int
    ) -> EnsembleResult:
        """Keep the ensemble if it is clearly better than the rival."""
        history = self._history
        members = tuple(
            Member(self.pool[number], str(self.pool[number].model), share)
            for number, share in selected.shares.items()
        )
        outputs = {fold: _outputs(history, members, fold) for fold in folds}
        gain = float(np.mean([outputs[fold].score - rival.folds[fold].score for fold in folds]))
        images = sum(len(history.targets[fold]) for fold in folds)
        together = Trial(-1, rival.arm, {}, 0, False, folds=outputs)
        alone = replace(rival, number=-2, folds={fold: rival.folds[fold] for fold in folds})
        # about a mean of 0: about its own mean, one image more would always be one standard error or more
        se = math.hypot(history.metric_standard_error(together, alone), gain / math.sqrt(images))
        facts = Ensemble(
            gain - required - se > ROUNDING * history.accuracy_scale,
            tuple(selected.counts),
            tuple(selected.shares.values()),
            tried,
            gain,
            se,
            required,
            images,
        )
        if facts.kept:
            return EnsembleResult(facts, members, outputs)
        why = "it does not beat the model otherwise exported in validation by more than the standard error"
        why += " and the expected gain of a refit on all images" if required else ""
        return EnsembleResult(replace(facts, why=why))


def _outputs(history: TrialHistory, members: Sequence[Member], fold: int) -> FoldScore:
    outputs = history.target.combine(
        [member.trial.folds[fold].outputs for member in members], [member.share for member in members]
    )
    return FoldScore(fold, history.metric(history.targets[fold], outputs), outputs, 0.0, 0)
