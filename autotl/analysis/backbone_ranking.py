"""Rank backbones before any training, and keep those tied with the best.

A score is evidence, not the verdict. Published scores rank sources hardly better than the rule "take the
strongest source" (Agostinelli et al., How Stable Are Transferability Metrics Evaluations?, ECCV 2022). The
score that decides therefore has a confidence interval, and the report compares its prediction with the
outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures, MeanScore, Scored, Target, Transferability
from autotl.errors import FAILURES
from autotl.seeds import derive

DECIDES = ("probe_accuracy", "probe_skill", "knn_accuracy", "logme")
"""The scores that may choose between backbones: the first installed one does, else any."""
SCORED_ROWS = 10_000
"""Images for all scores except the deciding one."""
HALVES = 8
Z_95 = 1.96
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Ranking:
    """Backbones by their scores before training, best first.

    Attributes:
        by: The score that decides; "" if there is none.
        order: The names of the backbones, best first.
        scores: The scores by backbone and score.
        kept: The backbones that are tied with the first.
        aside: The reasons against the others, by name.
        sentence: The sentence for the user.
    """

    by: str = ""
    order: tuple[str, ...] = ()
    scores: Mapping[str, Mapping[str, Scored]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""


@dataclass
class Scores:
    """The scores of backbones, added one backbone after the other.

    So the features of only one backbone are in memory.

    Attributes:
        measures: The scores by name.
        seed: The seed of the samples.
        most: Images for all scores except the deciding one.
        halves: Random halves for the interval of a score that is no mean.
    """

    measures: Mapping[str, Transferability]
    seed: int
    most: int = SCORED_ROWS
    halves: int = HALVES
    _whole: dict[str, dict[str, float]] = field(default_factory=dict)
    _spread: dict[str, dict[str, NDArray[np.float64]]] = field(default_factory=dict)

    @property
    def by(self) -> str:
        """The score that decides."""
        return deciding_score(self.measures)

    def add(self, backbone: str, features: LabelledFeatures) -> None:
        """Score a backbone.

        Args:
            backbone: Its name.
            features: Its features of the training images, which are the same in the same order for all.
        """
        rows = stratified_rows(features.labels, self.most, seed=self.seed)
        sample = features if len(rows) == len(features.labels) else features.only(rows)
        whole = self._whole.setdefault(backbone, {})
        spread = self._spread.setdefault(backbone, {})
        for name in sorted(self.measures, key=lambda each: each != self.by):
            if self.measures[name].needs_head and features.probabilities is None:
                continue
            try:
                whole[name], spread[name] = self._score(name, features if name == self.by else sample)
            except FAILURES:  # a plugin's code: a broken score is one piece of evidence less
                continue

    def ranking(self) -> Ranking:
        """Return the ranking of all backbones that were added."""
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
                aside[name] = _reason_against(by, ranked[0], scores[ranked[0]][by], scores[name][by])
        kept = tuple(name for name in (*ranked, *rest) if name not in aside)
        return Ranking(by, (*ranked, *rest), scores, kept, aside, _sentence(by, ranked, kept, scores))

    def _score(self, name: str, features: LabelledFeatures) -> tuple[float, NDArray[np.float64]]:
        """Return a score, with its contributions or its values on random halves."""
        measure = self.measures[name]
        if isinstance(measure, MeanScore):
            contributions = np.asarray(measure.contributions(features), dtype=np.float64)
            return _finite(contributions.mean()), contributions
        return _finite(measure.score(features)), self._of_halves(name, features)

    def _of_halves(self, name: str, features: LabelledFeatures) -> NDArray[np.float64]:
        """Return the score of each half."""
        measure = self.measures[name]
        return np.array([_finite(measure.score(features.only(half))) for half in self._halves(features)])

    def _halves(self, features: LabelledFeatures) -> list[NDArray[np.int64]]:
        """Return random halves of each class, the same for all backbones.

        Halves without replacement scatter as much as bootstrap samples of the whole.
        """
        rng = np.random.default_rng(derive(self.seed, "halves of classes"))
        halves = []
        for _ in range(self.halves):
            parts = []
            for label in range(features.classes):
                own = rng.permutation(np.flatnonzero(features.labels == label))
                parts.append(own[: max(2, len(own) // 2)])
            halves.append(np.sort(np.concatenate(parts)))
        return halves

    def _scored(self, backbone: str, name: str) -> Scored:
        """Return a score with its interval and its difference from the best."""
        value, spread = self._whole[backbone][name], self._spread[backbone][name]
        best = max((b for b in self._whole if name in self._whole[b]), key=lambda b: self._whole[b][name])
        exact = isinstance(self.measures[name], MeanScore)
        reach = _half_width(spread, exact)
        ci95 = None if reach is None else (value - reach, value + reach)
        if reach is None or len(self._spread[best][name]) != len(spread):
            return Scored(value, ci95, None)
        difference = value - self._whole[best][name]
        if best == backbone or abs(difference) <= TINY * max(1.0, abs(value)):  # equal except for rounding
            return Scored(value, ci95, (0.0, 0.0, 0.0))
        apart = _half_width(spread - self._spread[best][name], exact) or 0.0
        return Scored(value, ci95, (difference, difference - apart, difference + apart))


class ProbeSkill:
    """The share of a constant prediction's loss that a probe removes.

    The loss of numbers is the squared error, so the score is R². The loss of labels is the cross-entropy, so
    the score is McFadden's (Conditional Logit Analysis of Qualitative Choice Behavior, 1974). It ranks
    backbones for these targets as the accuracy of the probe does for classes.

    Args:
        target: The kind of target.
        targets: Encoded targets of the training images, (n, k), in the order of the features.
    """

    name = "probe_skill"
    summary = "cross-validated share of the loss that the linear probe explains"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019, arXiv:1805.08974"
    needs_head = False

    def __init__(self, target: Target, targets: NDArray[Any]) -> None:
        self._target, self._targets = target, targets

    def score(self, seen: LabelledFeatures) -> float:
        """Return the score; see :class:`autotl.api.Transferability`."""
        return float(self.contributions(seen).mean())

    def contributions(self, seen: LabelledFeatures) -> NDArray[np.float64]:
        """Return each image's contribution, (n,); the score is their mean."""
        if seen.probe is None:
            raise ValueError("the outputs of the probe are not known")
        constant = self._target.constant(self._targets)
        usual = self._losses(constant).mean()
        found: NDArray[np.float64] = 1 - self._losses(seen.probe.astype(np.float32)) / max(usual, 1e-12)
        return found

    def _losses(self, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the loss of each image, (n,)."""
        if self._target.spec.kind != "regression":
            return -self._target.log_likelihood(outputs, self._targets)
        spread = np.maximum(self._targets.std(0, dtype=np.float64), 1e-12)
        errors = (self._target.predict(outputs) - self._targets) / spread
        found: NDArray[np.float64] = (errors**2).mean(1)
        return found


def deciding_score(measures: Mapping[str, Transferability]) -> str:
    """Return the name of the score that decides; "" without any."""
    return next((name for name in DECIDES if name in measures), next(iter(measures), ""))


def stratified_rows(labels: NDArray[np.int64], most: int, *, seed: int) -> NDArray[np.int64]:
    """Return at most about ``most`` rows, stratified by class.

    Each class keeps at least two rows.

    Args:
        labels: The class of each row, (n,).
        most: The wanted number of rows.
        seed: The seed of the choice.

    Returns:
        The rows, ascending.
    """
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(derive(seed, "some of each class"))
    kept = []
    for label in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == label))
        kept.append(own[: max(2, round(len(own) * most / len(labels)))])
    return np.sort(np.concatenate(kept))


def _finite(score: float) -> float:
    """Return the score as a number. Raises ValueError if it is infinite or NaN."""
    number = float(score)
    if not math.isfinite(number):
        raise ValueError(f"the score is {number}")
    return number


def _half_width(spread: NDArray[np.float64], exact: bool) -> float | None:
    """Return half the width of the 95 % interval.

    ``spread`` holds contributions of images if ``exact``, else scores of random halves.
    """
    if len(spread) < 2:
        return None
    deviation = float(spread.std(ddof=1))
    return Z_95 * deviation / math.sqrt(len(spread)) if exact else Z_95 * deviation


def _reason_against(by: str, first: str, best: Scored, own: Scored) -> str:
    assert own.behind is not None
    difference, low, high = own.behind
    return (
        f"{by} before training is {own.value:.3f}, that of {first} {best.value:.3f}: "
        f"{difference:+.3f} ({low:+.3f} to {high:+.3f})"
    )


def _sentence(
    by: str, ranked: Sequence[str], kept: Sequence[str], scores: Mapping[str, Mapping[str, Scored]]
) -> str:
    if not ranked:
        return "No score could be measured, so every backbone is searched."
    if len(ranked) == 1:
        return f"{ranked[0]} has a {by} of {scores[ranked[0]][by].value:.3f} before any training."
    values = ", ".join(f"{name} {scores[name][by].value:.3f}" for name in ranked)
    if len(kept) == 1:
        return f"{kept[0]} has the best {by} before training ({values}): only it is searched."
    tied = ", ".join(kept[:-1]) + f" and {kept[-1]}"
    return f"{tied} are tied by {by} before training ({values}): they share the budget."
