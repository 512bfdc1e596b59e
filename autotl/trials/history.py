"""What the trials of a search have shown so far, compared fold by fold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.api import Arm, Outcome, Record
from autotl.metrics import METRICS, Metric
from autotl.trials.paired_errors import PairedErrors
from autotl.trials.resumed_outcome import delete_checkpoint, merge_resumed
from autotl.trials.trial import Trial

KEPT = 6
"""How many of an arm's trials keep their weights: the order changes as trials are run on more folds."""
REPEATED = 2
"""How many of them keep the weights of further folds as well."""
RESUMABLE = 3
"""How many of an arm's trials that were stopped for being behind keep what they can go on from."""
FINER_FROM, FINER_TO = 30, 2000
"""Validation images of a fold on which trials are compared by the metric's finer one: fewer are too few to
calibrate a network on, and of more the metric itself is sure enough.
"""
LEADS = 0.05
"""How far one trial is expected to lead or trail another, before any image shows it, in units of accuracy."""


@dataclass(slots=True)
class TrialHistory:
    """All trials. ``labels`` are the validation labels of each fold, in the order of the logits, and ``rows``
    which images these are of; without them no image is in two folds. The folds divide the images ``repeats``
    times over. ``held`` is the share of the images that a fold leaves out, and the network that is delivered
    may learn from; without it what equal folds leave. ``held_by`` is that share for networks that learn from
    other images. ``unit`` is what corresponds to a difference of 1 in
    accuracy, by ``measure``. Without ``thrifty`` the highest score is the best, whatever its trial costs and
    however few images show it.
    """

    labels: Sequence[NDArray[np.int64]]
    trials: dict[int, Trial] = field(default_factory=dict)
    version: int = 0
    measure: Metric = METRICS["accuracy"]
    thrifty: bool = True
    rows: Sequence[NDArray[np.int64]] = ()
    repeats: int = 1
    held: InitVar[float | None] = None
    held_by: Mapping[str, float] = field(default_factory=dict)
    held_out: float = field(init=False)
    unit: float = field(init=False)
    _spreads: PairedErrors = field(init=False)
    _finer: PairedErrors | None = field(init=False, default=None)

    def __post_init__(self, held: float | None) -> None:
        self.held_out = (1 / self.k if self.k > 1 else 0.0) if held is None else held
        every = np.concatenate([*self.labels, np.zeros(0, dtype=np.int64)])
        self.unit = self.measure.accuracy_scale(every, int(every.max(initial=0)) + 1)
        if not len(self.rows):
            ends = np.cumsum([len(each) for each in self.labels], dtype=np.int64)
            self.rows = np.split(np.arange(len(every)), ends[:-1])
        self._spreads = PairedErrors(self.labels, self.rows, self.measure, self.unit)
        if self.measure.calibrated_likelihood and all(
            FINER_FROM <= len(each) <= FINER_TO for each in self.labels
        ):
            self._finer = PairedErrors(self.labels, self.rows, self.measure.calibrated_likelihood, self.unit)

    @property
    def k(self) -> int:
        """The folds of the first repeat: those with lower numbers, no two of which validate on one image."""
        return len(self.labels) // self.repeats

    def held_of(self, network: str) -> float:
        """The share of the images that a fold leaves out for a backbone or a baseline's own network."""
        return self.held_by.get(network, self.held_out)

    def add(self, trial: Trial, outcome: Outcome, *, now: float) -> list[Trial]:
        """Enter what a job showed; weights of trials far from their arm's best are deleted. Gives those
        trials.
        """
        self.version += 1
        self.trials[trial.number] = trial
        if again := 0 in trial.folds and 0 in outcome.job.folds:
            outcome = merge_resumed(trial, outcome)
        trial.seconds += outcome.seconds
        trial.finished_at = now
        trial.checkpoint = trial.checkpoint or outcome.checkpoint
        # a broken-off extension leaves what was known
        if outcome.state == "complete" or not trial.folds or (again and trial.gone_on):
            trial.state = outcome.state
            trial.why = outcome.why or (trial.why if trial.gone_on else "")
        trial.folds.update({each.fold: each for each in outcome.folds})
        if outcome.state == "failed":
            trial.barred |= frozenset(outcome.job.folds) - trial.folds.keys()
        if outcome.models:
            new = {Path(path).resolve() for path in outcome.models.values()}
            for fold in trial.models.keys() & outcome.models.keys():
                if (old := Path(trial.models[fold]).resolve()) not in new:
                    old.unlink(missing_ok=True)
            trial.models |= outcome.models
            trial.side = outcome.side
        return self._forget(trial.arm)

    def _forget(self, arm: Arm) -> list[Trial]:
        """Delete the weights of an arm's trials that can hardly become its best again; the default's stay."""
        held = sorted((trial for trial in self.of(arm) if trial.model), key=self.belief, reverse=True)
        best = self.best(arm)
        dropped = []
        for place, trial in enumerate(held):
            if trial is best or place < REPEATED:
                continue
            gone = trial.models.keys() - ({0} if place < KEPT or trial.default else set())
            for fold in gone:
                Path(trial.models.pop(fold)).unlink(missing_ok=True)
            dropped += [trial] if gone else []
        behind = [trial for trial in self.of(arm) if trial.checkpoint]
        for trial in sorted(behind, key=lambda each: (-each.folds[0].score, each.number))[RESUMABLE:]:
            delete_checkpoint(trial)
            dropped += [] if trial in dropped else [trial]
        return dropped

    def arms(self) -> list[Arm]:
        """The arms that have been tried, in order of their first trial."""
        return list(dict.fromkeys(trial.arm for trial in self.trials.values()))

    def of(self, arm: Arm) -> list[Trial]:
        """An arm's trials that were scored."""
        return [trial for trial in self.trials.values() if trial.arm == arm and trial.folds]

    def score(self, trial: Trial) -> float | None:
        """A trial's validation score as if it had run on all folds that the most thorough trial has run on.

        Folds differ in difficulty, so a trial known from some of them is placed by its mean difference to the
        most thorough trial on the folds both have.
        """
        if not trial.folds:
            return None
        yardstick = self._yardstick()
        low, high = self.measure.bounds
        return min(high, max(low, _mean(yardstick) + self._ahead(trial, yardstick)))

    def belief(self, trial: Trial) -> float:
        """The score to choose by: that of the most thorough trial, and the :meth:`lead` over it, which counts
        the less the fewer images show it.

        The posterior mean of the lead under a Normal(0, LEADS²) prior, in units of
        accuracy, so that one lucky fold wins nothing.
        """
        yardstick = self._yardstick()
        if trial is yardstick:
            return _mean(yardstick)
        leads = LEADS * self.unit
        trust = leads**2 / (leads**2 + self.doubt(trial, yardstick) ** 2)
        return _mean(yardstick) + trust * self.lead(trial, yardstick)

    def _yardstick(self) -> Trial:
        scored = (trial for trial in self.trials.values() if trial.folds)
        return max(scored, key=lambda trial: (len(trial.folds), -trial.number))

    def lead(self, one: Trial, other: Trial) -> float:
        """How far one trial is ahead of another, by the metric's finer one where there is one: the difference
        of their accuracies, say, as it shows in how probable they hold the right answers to be.
        """
        if self._finer is None or not one.folds.keys() & other.folds.keys():
            return self._ahead(one, other)
        return self._finer.lead((one.number, one.folds), (other.number, other.folds))

    def doubt(self, one: Trial, other: Trial) -> float:
        """The standard error of :meth:`lead`, paired by image."""
        return (self._finer or self._spreads).between((one.number, one.folds), (other.number, other.folds))

    def _ahead(self, trial: Trial, yardstick: Trial) -> float:
        shared = trial.folds.keys() & yardstick.folds.keys()
        if not shared:
            return _mean(trial) - _mean(yardstick)
        return float(np.mean([trial.folds[i].score - yardstick.folds[i].score for i in shared]))

    def best(
        self,
        arm: Arm | None = None,
        *,
        among: Sequence[Arm] | None = None,
        defaults: bool = False,
        leading: bool = False,
    ) -> Trial | None:
        """The trial to choose, of one arm, some arms or the defaults: the cheapest not clearly behind.

        Behind is a lead of the leading trial of more than one standard error, paired by image (Breiman et
        al., Classification and Regression Trees, 1984): a dearer trial has to show that it is better. A
        baseline has to lead: it is there to be compared with. One
        that was stopped early for being behind is none, unless there is nothing else. With ``leading`` the
        leading trial itself is taken, however dear.
        """
        scored = [
            trial
            for trial in self.trials.values()
            if 0 in trial.folds
            and trial.model
            and (arm is None or trial.arm == arm)
            and (among is None or trial.arm in among)
            and (trial.default or not defaults)
        ]
        whole = [trial for trial in scored if trial.state != "pruned"] or scored
        whole = [trial for trial in whole if trial.folds[0].epochs] or whole  # else it has not learned
        if not whole:
            return None
        if not self.thrifty:
            return max(whole, key=lambda trial: (self.score(trial) or -math.inf, -trial.number))

        def order(trial: Trial) -> tuple[float, float]:
            return self.belief(trial), -trial.fold_cost

        lead = max(whole, key=order)
        if leading:
            return lead
        near = [
            trial
            for trial in whole
            if trial is lead or (not trial.baseline and self.lead(lead, trial) < self.doubt(lead, trial))
        ]
        arms = {other.arm: self._arm_seconds(other.arm) for other in near}
        cheapest = min(arms, key=lambda each: arms[each])
        # within an arm settings cost about the same, so there the leader is taken
        return max((trial for trial in near if trial.arm == cheapest), key=order)

    def _arm_seconds(self, arm: Arm) -> float:
        """What a fold of an arm takes, in the middle of its trials."""
        return float(np.median([trial.fold_cost for trial in self.of(arm)]))

    def spread(self, one: Trial, other: Trial) -> float:
        """The standard error of the difference between two trials' scores, paired by image."""
        return self._spreads.between((one.number, one.folds), (other.number, other.folds))

    def news(self, trial: Trial, rival: Trial, fold: int) -> float:
        """How much of what a fold says of the trial beside the rival is new, as a share of the variance: all
        on images that the trial has not met, and on others what passes when folds are cut anew.
        """
        met = np.concatenate([self.rows[each] for each in trial.folds]) if trial.folds else self.rows[0][:0]
        fresh = float(np.isin(self.rows[fold], met, invert=True).mean())
        if fresh == 1:
            return 1.0
        passing = (self._finer or self._spreads).passing(
            (trial.number, trial.folds), (rival.number, rival.folds)
        )
        return fresh + (1 - fresh) * passing

    def record(self, trial: Trial) -> Record:
        """A trial as a row of the leaderboard, placed among the others."""
        return trial.record(self.score(trial))

    def records(self) -> list[Record]:
        """All trials as rows, in order of their numbers."""
        return [self.record(trial) for _, trial in sorted(self.trials.items())]


def _mean(trial: Trial) -> float:
    return float(np.mean([each.score for each in trial.folds.values()]))
