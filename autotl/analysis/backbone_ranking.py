"""Rank backbones before any training, and keep those that cannot be told apart from the best.

A score is evidence, not the verdict: published ones rank sources hardly better than always taking the
strongest (Agostinelli et al., How Stable Are Transferability Metrics Evaluations?, ECCV 2022). So the one
that decides comes with its uncertainty, and what was foretold is compared with the outcome in the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures, MeanScore, Scored, Transferability
from autotl.errors import FAILURES
from autotl.seeds import derive

DECIDES = ("probe_accuracy", "knn_accuracy", "logme")
"""Which score chooses between backbones: the first of these that is installed, else the first there is."""
SCORED_ROWS = 2000
"""Images that all but the deciding score are measured on."""
HALVES = 8
SURE = 1.96
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Ranking:
    """Backbones by what their scores foretell, the most promising first.

    ``scores`` maps backbone and score to what was found; ``by`` names the score that decides, "" where there
    is none. ``kept`` cannot be told apart from the first; ``aside`` says of the others why not.
    """

    by: str = ""
    order: tuple[str, ...] = ()
    scores: Mapping[str, Mapping[str, Scored]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""


@dataclass
class Scores:
    """The scores of backbones that are looked at one after the other: their features need not all be kept.

    Scores that do not decide are given up once ``out_of_time``.
    """

    measures: Mapping[str, Transferability]
    seed: int
    most: int = SCORED_ROWS
    halves: int = HALVES
    out_of_time: Callable[[], bool] = lambda: False
    _whole: dict[str, dict[str, float]] = field(default_factory=dict)
    _spread: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """The score that decides."""
        return next((name for name in DECIDES if name in self.measures), next(iter(self.measures), ""))

    def add(self, backbone: str, seen: LabelledFeatures) -> None:
        """Score a backbone. All must be shown the same images in the same order."""
        rows = some_of_each(seen.labels, self.most, seed=self.seed)
        fewer = seen if len(rows) == len(seen.labels) else seen.only(rows)
        whole = self._whole.setdefault(backbone, {})
        spread = self._spread.setdefault(backbone, {})
        for name in sorted(self.measures, key=lambda each: each != self.by):
            measure = self.measures[name]
            if (measure.needs_head and seen.probabilities is None) or (
                name != self.by and self.out_of_time()
            ):
                continue
            look = seen if name == self.by else fewer
            try:
                if isinstance(measure, MeanScore):
                    spread[name] = np.asarray(measure.contributions(look), dtype=np.float64)
                    whole[name] = _finite(spread[name].mean())
                else:
                    whole[name] = _finite(measure.score(look))
                    spread[name] = self._of_halves(name, look)
            except FAILURES:  # a stranger's code: a score that breaks is one piece of evidence less
                whole.pop(name, None)
                spread.pop(name, None)

    def ranking(self) -> Ranking:
        """What the scores say of all the backbones that were added."""
        names = list(self._whole)
        by = self.by
        ranked = [name for name in names if by in self._whole[name]]
        ranked.sort(key=lambda name: -self._whole[name][by])
        rest = [name for name in names if name not in ranked]
        scores = {name: {each: self._scored(name, each) for each in self._whole[name]} for name in names}
        aside: dict[str, str] = {}
        for name in ranked[1:]:
            behind = scores[name][by].behind
            if behind is not None and behind[2] < 0:
                aside[name] = _why(by, ranked[0], scores[ranked[0]][by], scores[name][by])
        kept = tuple(name for name in (*ranked, *rest) if name not in aside)
        return Ranking(by, (*ranked, *rest), scores, kept, aside, _sentence(by, ranked, kept, scores))

    def _of_halves(self, name: str, look: LabelledFeatures) -> NDArray[np.float64]:
        """Score each half; no half if the time for scores that do not decide is up before the last one."""
        found: list[float] = []
        for half in self._halves(look):
            if name != self.by and self.out_of_time():
                return np.empty(0)
            found.append(_finite(self.measures[name].score(look.only(half))))
        return np.array(found)

    def _halves(self, seen: LabelledFeatures) -> list[NDArray[np.int64]]:
        """Random halves of each class, the same for all backbones; without replacement they scatter as much
        as resamples of the whole do.
        """
        rng = np.random.default_rng(derive(self.seed, "halves of classes"))
        halves = []
        for _ in range(self.halves):
            parts = []
            for label in range(seen.classes):
                own = rng.permutation(np.flatnonzero(seen.labels == label))
                parts.append(own[: max(2, len(own) // 2)])
            halves.append(np.sort(np.concatenate(parts)))
        return halves

    def _scored(self, backbone: str, name: str) -> Scored:
        value, spread = self._whole[backbone][name], self._spread[backbone][name]
        best = max((b for b in self._whole if name in self._whole[b]), key=lambda b: self._whole[b][name])
        exact = isinstance(self.measures[name], MeanScore)
        reach = _reach(spread, exact)
        ci95 = None if reach is None else (value - reach, value + reach)
        if reach is None or len(self._spread[best][name]) != len(spread):
            return Scored(value, ci95, None)
        if best == backbone:
            return Scored(value, ci95, (0.0, 0.0, 0.0))
        lead = value - self._whole[best][name]
        if abs(lead) <= TINY * max(1.0, abs(value)):  # the same but for rounding
            return Scored(value, ci95, (0.0, 0.0, 0.0))
        apart = _reach(spread - self._spread[best][name], exact) or 0.0
        return Scored(value, ci95, (lead, lead - apart, lead + apart))


def _finite(score: float) -> float:
    """Return the score as a number. Raises ValueError where it is infinite or NaN."""
    number = float(score)
    if not math.isfinite(number):
        raise ValueError(f"the score is {number}")
    return number


def some_of_each(labels: NDArray[np.int64], most: int, *, seed: int) -> NDArray[np.int64]:
    """At most about ``most`` rows, each class by the same share, two of each at least; ascending."""
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(derive(seed, "some of each class"))
    kept = []
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        kept.append(own[: max(2, round(len(own) * most / len(labels)))])
    return np.sort(np.concatenate(kept))


def _reach(spread: NDArray[np.float64], exact: bool) -> float | None:
    """Half the width of the 95 % interval, from contributions of images or from scores of random halves."""
    if len(spread) < 2:
        return None
    deviation = float(spread.std(ddof=1))
    return SURE * deviation / math.sqrt(len(spread)) if exact else SURE * deviation


def _why(by: str, first: str, best: Scored, own: Scored) -> str:
    assert own.behind is not None
    lead, low, high = own.behind
    return (
        f"{by} before training is {own.value:.3f}, that of {first} {best.value:.3f}: "
        f"{lead:+.3f} ({low:+.3f} to {high:+.3f})"
    )


def _sentence(
    by: str, ranked: Sequence[str], kept: Sequence[str], scores: Mapping[str, Mapping[str, Scored]]
) -> str:
    if not ranked:
        return "No score could be measured, so every backbone is searched."
    if len(ranked) == 1:
        return f"{ranked[0]} has a {by} of {scores[ranked[0]][by].value:.3f} before any training."
    told = ", ".join(f"{name} {scores[name][by].value:.3f}" for name in ranked)
    if len(kept) == 1:
        return f"By {by} before training ({told}), {kept[0]} is ahead of the others: only it is searched."
    same = ", ".join(kept[:-1]) + f" and {kept[-1]}"
    return f"By {by} before training ({told}), {same} cannot be told apart: the budget is theirs."
