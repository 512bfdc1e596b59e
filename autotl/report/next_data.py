"""Rank what to do next by the measurements of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from autotl.api import ROLES
from autotl.report import format
from autotl.report.document.contributions import Contribution
from autotl.report.document.evaluation import ClassScore, LabelScore
from autotl.report.document.next_data import NextData
from autotl.report.document.report import Report
from autotl.report.next_run import FIXED_SCALE, RELEVANT_GAIN, more_time, name_groups

MOST = 3
"""Most pieces of advice in a report."""
SIGNIFICANCE_LEVEL = 0.05
"""The p-value of a weak class or a confused pair, before Bonferroni's correction."""
SMALL_GAIN = 0.01
"""A gain that is smaller at the end of its interval is not worth more labelled images."""
WIDE_SHARE, WIDE_RATIO = 0.1, 0.25
"""Widths of the test score's interval from which more test images are advised.

The first is for scores with a fixed scale, the second for errors, as a fraction of the score.
"""
MOST_LISTED = 200
"""Doubtful labels that a report lists: there may be more."""
MIN_GROUPED_SHARE = 0.5
"""Share of the training images in groups from which other objects are advised."""
MODES_WITHOUT_CHANGE = frozenset({None, "none", "report"})
"""Treatments that leave all training images as they are."""


def next_data(report: Report) -> list[NextData]:
    """Return at most three pieces of advice, the most important first.

    Each rests on a measurement of the run; without one there is no advice. They are ordered by the share of
    the score that is at stake. Images that are not worth collecting come last.
    """
    found = [
        *_labelled_images(report),
        *_weak_targets(report),
        *_test_images(report),
        *(each for given in report.contributions for each in _additional(report, given)),
        *_doubtful_targets(report),
        *_groups(report),
        *more_time(report),
        *name_groups(report),
    ]
    return sorted(found, key=_rank)[:MOST]


def _rank(advice: NextData) -> tuple[bool, bool, float]:
    return advice.action == "stop", advice.stake is None, -(advice.stake or 0.0)


def _labelled_images(report: Report) -> Iterator[NextData]:
    """Advise more images like the given ones by the forecast of the learning curve."""
    curve = report.when.learning_curve
    forecast = curve.forecast[-1] if curve is not None and curve.forecast else None
    if forecast is None or forecast.more is None or forecast.gain is None or forecast.ci95 is None:
        return
    (low, high), correct = forecast.ci95, report.words.correct
    if high < SMALL_GAIN:
        yield NextData(
            "stop",
            "labelled images",
            forecast.gain,
            f"More labelled images like these are hardly needed: {forecast.more:,} more would give a linear "
            f"probe at most {format.points(max(high, 0.0))} points in {correct}, by its learning curve.",
        )
    elif forecast.gain >= RELEVANT_GAIN:
        yield NextData(
            "collect",
            "labelled images",
            forecast.gain,
            f"Label about {forecast.more:,} more images like these: the learning curve of a linear probe "
            f"forecasts {format.points(forecast.gain)} points in {correct} (95% interval "
            f"{format.points(low)} to {format.points(high)}).",
        )


def _weak_targets(report: Report) -> Iterator[NextData]:
    """Advise images of the class with the lowest recall, and of the most confused pair."""
    weak, pair = _weakest(report), _confused_pair(report)
    tested = report.test.n or 1
    if weak is not None:
        single, name = report.target.kind == "single_label", format.name(weak.name)
        what = f"of the class {name}" if single else f"with the label {name}"
        sentence = (
            f"Collect images {what}: its recall is {format.percent(weak.right / weak.images)} on "
            f"{format.count(weak.images, 'test image')}, and {format.percent(weak.others)} for the other "
            f"{report.words.several}."
        )
        if pair is not None and weak.name in pair.names:
            other = pair.names[1 - pair.names.index(weak.name)]
            sentence += f" It is most often confused with {format.name(other)}, in {_share(pair)}."
            pair = None
        yield NextData("collect", report.words.one, (weak.images - weak.right) / tested, sentence)
    if pair is not None:
        one, other = map(format.name, pair.names)
        yield NextData(
            "collect",
            "pair of classes",
            pair.images / tested,
            f"Collect images of {one} and {other}: they are confused most often, in {_share(pair)}.",
        )


@dataclass(frozen=True, slots=True)
class _Weak:
    """A class whose recall is measurably lower than that of the ``others`` together."""

    name: str
    images: int
    right: int
    others: float


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two classes with ``images`` of the ``mistakes`` between them, in both directions."""

    names: tuple[str, str]
    images: int
    mistakes: int


def _share(pair: _Pair) -> str:
    return f"{pair.images:,} of the {format.count(pair.mistakes, 'wrong prediction')}"


def _weakest(report: Report) -> _Weak | None:
    """Return the class or label with the lowest recall that is measurably below the others'.

    Fisher's exact test is corrected for the number of classes, because the lowest of many is low by chance.
    """
    from scipy.stats import fisher_exact  # takes half as long to import as torch

    single = report.target.kind == "single_label"
    scores: Sequence[ClassScore | LabelScore] = report.test.per_class if single else report.test.per_label
    known = [(each.recall, each.name or "?", each.n) for each in scores if each.n and each.recall is not None]
    found = [(name, images, round(recall * images)) for recall, name, images in sorted(known)]
    images, right = sum(own for _, own, _ in found), sum(hits for _, _, hits in found)
    for name, own, hits in found if len(found) > 1 else ():
        table = [hits, own - hits], [right - hits, images - own - (right - hits)]
        if fisher_exact(table, alternative="less").pvalue < SIGNIFICANCE_LEVEL / len(found):
            return _Weak(name, own, hits, (right - hits) / (images - own))
    return None


def _confused_pair(report: Report) -> _Pair | None:
    """Return the pair of classes with the most mistakes.

    None unless it has measurably more than its share of the mistakes, or there are two classes.
    """
    from scipy.stats import binom

    matrix, names = report.confusion, report.class_names
    if len(matrix) < 3:
        return None
    counts = {(i, j): matrix[i][j] + matrix[j][i] for i, j in combinations(range(len(matrix)), 2)}
    mistakes, (one, other) = sum(counts.values()), max(counts, key=lambda pair: counts[pair])
    most = counts[one, other]
    if not most or binom.sf(most - 1, mistakes, 1 / len(counts)) >= SIGNIFICANCE_LEVEL / len(counts):
        return None
    return _Pair((names[one], names[other]), most, mistakes)


def _test_images(report: Report) -> Iterator[NextData]:
    """Advise more test images if the interval of the test score is wide."""
    test, measure = report.test, report.measure
    if test.ci95 is None or test.value is None or not test.n:
        return
    fixed = test.percent or test.metric in FIXED_SCALE
    scale = 1.0 if fixed else abs(test.value)
    width = (test.ci95[1] - test.ci95[0]) / scale if scale else 0.0
    if width > (WIDE_SHARE if fixed else WIDE_RATIO):
        yield NextData(
            "collect",
            "test images",
            min(1.0, width / 2),
            f"Add about {3 * test.n:,} test images: the 95% interval of the {measure.name} on "
            f"{format.count(test.n, 'test image')}, {measure.between(test.ci95)}, would be about half as "
            "wide.",
        )


def _additional(report: Report, given: Contribution) -> Iterator[NextData]:
    """Advise more images of a role if they helped, and no more if they did not."""
    gain, measure = given.gain, report.measure
    if gain is None or gain.value is None or gain.ci95 is None or given.answer is None:
        return
    role = given.role or ""
    words, used = ROLES.get(role, role), f"{given.used or 0:,}"
    low, high = map(measure.gain, gain.ci95)
    difference = f"{measure.gain(gain.value)}{measure.unit}"
    if not measure.percent:
        difference += f" in {measure.name}, where above 0 is better"
    figure = f"the {used} given ones changed the score by {difference} (95% interval {low} to {high})"
    fixed = report.test.percent or report.test.metric in FIXED_SCALE
    scale = 1.0 if fixed else abs(report.test.value or 1.0)
    stake = min(1.0, abs(gain.value) / (scale or 1.0))
    if given.answer == "helps":
        yield NextData("collect", words, stake, f"Collect more {words}: {figure}.")
    elif given.answer == "hurts":
        yield NextData("stop", words, stake, f"Leave the {words} out: {figure}.")
    else:
        figure = f"the {used} given ones made no measurable difference ({low} to {high}{measure.unit})"
        yield NextData("stop", words, stake, f"Do not collect more {words} like these: {figure}.")


def _doubtful_targets(report: Report) -> Iterator[NextData]:
    """Advise to check doubtful labels or numbers, unless the run has treated them."""
    found, images = report.quality.label_issues, report.when.n_train
    if not found or not images or report.quality.cleaned.mode not in MODES_WITHOUT_CHANGE:
        return
    truth, first = report.words.truth, found[0].item
    plural = truth if truth.endswith("s") else f"{truth}s"
    doubted = len({each.item for each in found})
    least = "at least " if len(found) >= MOST_LISTED else ""
    example = f", for example that of {format.name(first)}" if first else ""
    yield NextData(
        "check",
        plural,
        min(1.0, doubted / images),
        f"Check the {plural} of {least}{format.count(doubted, 'training image')} before you collect more: a "
        f"cross-validated linear probe contradicts them{example}.",
    )


def _groups(report: Report) -> Iterator[NextData]:
    """Advise other objects if most training images show the same ones."""
    found, images = report.quality.groups, report.when.n_train
    if not found.images or not images or found.images < MIN_GROUPED_SHARE * images:
        return
    groups = "one group that shows" if found.groups == 1 else f"{found.groups:,} groups that each show"
    yield NextData(
        "collect",
        "other objects",
        None,
        f"Collect images of other objects or scenes: {found.images:,} of the {images:,} training images are "
        f"in {groups} the same thing.",
    )
