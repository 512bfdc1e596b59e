"""Decide at each step of a running trial whether it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from autotl.api import Arm, Job, Said, State, Watch
from autotl.clock import Clock
from autotl.search.studies.arm_study import ArmStudy
from autotl.search.studies.pruner import PARTS
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

DECODING = 2.0
"""How many times its patience a first look may take before its first step, while images are decoded."""


class StoppingRules:
    """The trials that run, and when one of them is to end.

    With the time ("stopped"), once something has been scored, if only an epoch of its own: a search has to
    end with something. A baseline on its first fold also when it has run for ``patience(trial)`` seconds. A
    new one when its study says that it is behind ("pruned"): never a default, nor one that was stopped for
    that before and goes on.
    """

    def __init__(
        self,
        ledger: TrialHistory,
        studies: Mapping[Arm, ArmStudy],
        *,
        clock: Clock,
        until: Callable[[], float],
        patience: Callable[[Trial], float],
        watch: Watch,
    ) -> None:
        self._ledger, self._studies, self._watch = ledger, studies, watch
        self._clock, self._until, self._patience = clock, until, patience
        self._open: dict[int, Trial] = {}
        self._begun: dict[int, float] = {}  # when it first said something
        self._scored: set[int] = set()
        self._learning: set[int] = set()

    def begin(self, trial: Trial) -> None:
        """A job of the trial begins. Its time counts from what it first says: a process may have to start."""
        self._open[trial.number] = trial
        self._begun.pop(trial.number, None)
        self._scored.discard(trial.number)
        self._learning.discard(trial.number)

    def go(self, job: Job, said: Said) -> State | None:
        """See :data:`autotl.api.Go`."""
        now = self._clock.now()
        epoch, trial = said.epoch, self._open[job.number]
        if said.fold == 0 and epoch.score is not None:
            self._scored.add(job.number)
        if now >= self._until() and (self._ledger.best() is not None or job.number in self._scored):
            return "stopped"
        self._begun.setdefault(job.number, now)
        patience = self._patience(trial)
        if trial.look and epoch.progress == 0:
            patience *= DECODING
        elif trial.look and job.number not in self._learning:  # it is short, and images are decoded once
            self._learning.add(job.number)
            self._begun[job.number] = now
        taken = now - self._begun.get(job.number, now)
        if trial.baseline and not trial.folds and said.fold == 0 and taken > patience:
            return "stopped"
        self._watch.learning(
            trial.arm, number=job.number, fold=said.fold, score=epoch.score, progress=epoch.progress
        )
        if said.done is not None or said.fold != 0 or epoch.score is None:
            return None
        _note(trial, epoch.score, epoch.progress)
        if trial.folds or trial.default:
            return None
        behind = self._studies[trial.arm].hopeless(job.number, epoch.score, epoch.progress)
        return "pruned" if behind else None


def _note(trial: Trial, score: float, progress: float) -> None:
    """Keep the first score in each tenth of the trial."""
    if not trial.curve or int(progress * PARTS) > int(trial.curve[-1][0] * PARTS):
        trial.curve.append((progress, score))
