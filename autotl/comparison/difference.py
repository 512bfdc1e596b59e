"""Measure the difference of two runs' test scores, paired by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.metric_choice import choose_metric
from autotl.comparison.pairing import PairedImages, pair_images
from autotl.comparison.scored_images import NotCompared
from autotl.evaluation import holm
from autotl.evaluation.gain import SIGNIFICANCE_LEVEL, Gain, gain
from autotl.metrics import Metric, MetricFunction
from autotl.report import Measure, measure_of

Answer = Literal["better", "worse", "no measurable difference", "not compared"]


@dataclass(frozen=True, slots=True)
class Difference:
    """The test score of a run minus the first run's.

    Both are scored on the same images.

    Attributes:
        first: The first run.
        run: The run that is compared with it.
        gain: The difference; positive if the run is better. None if it cannot be compared by image.
        metric: The metric of the difference; None without one.
        pairs: The predictions of both; None without a difference.
        why: Why the runs cannot be compared by image; "" if they can.
        notes: Remarks on the metric and the images.
        comparisons: Differences in this comparison, for whose number the p-value is corrected.
        corrected_p: The p-value of ``gain``, corrected by Holm's procedure; None without a difference.
    """

    first: ComparedRun
    run: ComparedRun
    gain: Gain | None = None
    metric: Metric | None = None
    pairs: PairedImages | None = None
    why: str = ""
    notes: tuple[str, ...] = ()
    comparisons: int = 1
    corrected_p: float | None = None

    @property
    def answer(self) -> Answer:
        """Whether the run is better or worse than the first, beyond chance."""
        if self.gain is None:
            return "not compared"
        if not self.gain.direction or self.corrected_p is None or self.corrected_p >= SIGNIFICANCE_LEVEL:
            return "no measurable difference"
        return "better" if self.gain.direction > 0 else "worse"

    @property
    def measure(self) -> Measure:
        """The format of the metric."""
        if self.metric is None:
            return self.run.report.measure
        return measure_of(
            self.metric.name, higher_is_better=self.metric.higher_is_better, percent=self.metric.percent
        )

    @property
    def merits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """The merits (n,) of the first run's predictions, and the other's.

        A correct prediction has the merit 1, a wrong one 0. The merit of predicted numbers is their negative
        mean error, each in standard deviations of its number. None without pairs.
        """
        if self.pairs is None:
            return None
        ours, theirs = (_merits(self.pairs, outputs) for outputs in self.pairs.outputs)
        return ours, theirs

    @property
    def better_images(self) -> int | None:
        """The test images that the run predicts better than the first."""
        return None if self.merits is None else int((self.merits[1] > self.merits[0]).sum())

    @property
    def worse_images(self) -> int | None:
        """The test images that the first run predicts better."""
        return None if self.merits is None else int((self.merits[1] < self.merits[0]).sum())


def differences(
    runs: Sequence[ComparedRun], *, metric: str | MetricFunction | None, seed: int
) -> tuple[Difference, ...]:
    """Compare each run with the first.

    :func:`autotl.evaluation.gain` measures each difference with its interval and p-value. Several p-values
    are corrected by Holm's procedure (Scandinavian Journal of Statistics, 1979).

    Args:
        runs: The runs.
        metric: The metric of the differences; None for the metric of the first run.
        seed: Draws the bootstrap samples.

    Raises:
        MetricError: The metric cannot be imported, or cannot score the target.
        RunError: A table of a run folder is damaged.
    """
    first, *others = runs
    found = [_difference(first, run, metric=metric, seed=seed) for run in others]
    tested = [each.gain.p for each in found if each.gain is not None]
    corrected = iter(holm(tested))
    return tuple(
        replace(
            each,
            comparisons=len(tested),
            corrected_p=None if each.gain is None else next(corrected),
        )
        for each in found
    )


def _difference(
    first: ComparedRun, run: ComparedRun, *, metric: str | MetricFunction | None, seed: int
) -> Difference:
    pairs = pair_images(first, run)
    if isinstance(pairs, NotCompared):
        return Difference(first, run, why=pairs.why)
    chosen, note = choose_metric(first, run, pairs.target.spec, metric)
    if why := chosen.why_undefined(pairs.targets):
        return Difference(first, run, why=f"{chosen.name} is undefined on the test images: {why}")
    ours, theirs = pairs.outputs
    measured = gain(pairs.targets, theirs, ours, metric=chosen, seed=seed, target=pairs.target)
    notes = tuple(filter(None, (note, _part_note(first, run, len(pairs.targets)))))
    return Difference(first, run, measured, chosen, pairs, notes=notes)


def _part_note(first: ComparedRun, run: ComparedRun, paired: int) -> str:
    """Return a note if a run scored more test images than are paired; "" otherwise."""
    scored = {each.shown: each.report.test.n or paired for each in (first, run)}
    more = [f"{name} scored {images:,}" for name, images in scored.items() if images > paired]
    if not more:
        return ""
    return f"{' and '.join(more)} test images. They are compared on the {paired:,} images that both scored."


def _merits(pairs: PairedImages, outputs: NDArray[np.float32]) -> NDArray[np.float64]:
    if pairs.target.spec.kind != "regression":
        return pairs.target.correct(outputs, pairs.targets).astype(np.float64)
    spread = pairs.targets.std(0, dtype=np.float64)
    errors = np.abs(pairs.target.predict(outputs) - pairs.targets) / np.where(spread > 0, spread, 1.0)
    found: NDArray[np.float64] = -errors.mean(1)
    return found
