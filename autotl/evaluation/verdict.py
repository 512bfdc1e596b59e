"""Decide whether transfer pays, by its measured gain over the best baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from autotl.api import Record
from autotl.clock import format_duration
from autotl.evaluation.cautions import (
    NO_LEAKS,
    Leaks,
    calibration_warning,
    leak_headline,
    leak_warning,
)
from autotl.evaluation.details.multi_label import MultiLabelScores
from autotl.evaluation.details.regression import RegressionScores
from autotl.evaluation.details.single_label import SingleLabelScores
from autotl.evaluation.findings import Findings
from autotl.evaluation.gain import Gain
from autotl.evaluation.model_sentence import model_sentence, score_text
from autotl.evaluation.number_text import IN_UNITS, metric_name, significant
from autotl.evaluation.plateau import Plateau
from autotl.evaluation.scores import PROPORTIONS, Evaluation
from autotl.evaluation.transfer_kind import transfer_kind

Transfer = Literal["helps", "no_measurable_difference", "hurts"]

MIN_LEARNED_MARGIN = 0.05
"""Smallest validation score, above that of the class frequencies, of a network that has learned."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to whether transfer pays.

    Attributes:
        transfer: The answer as one word; None if it was not measured.
        strategy: The strategy of the final model.
        backbone: The network of the final model.
        sentence: The answer as a sentence, with both sides of the comparison and notable leaks.
        caveat: Limits of the answer; "" if there are none.
        cost: The training time of each side; "" if nothing was compared.
        delivered: The final model and its test score, as a sentence.
        warnings: Reasons to distrust the test score or the stated confidence, one sentence each.
        kind: The kind of transfer of the final model; "" if nothing is transferred.
    """

    transfer: Transfer | None
    strategy: str
    backbone: str
    sentence: str
    caveat: str = ""
    cost: str = ""
    delivered: str = ""
    warnings: tuple[str, ...] = ()
    kind: str = ""


def judge(
    findings: Findings,
    untried: Sequence[str] = (),
    leaks: Leaks = NO_LEAKS,
    *,
    roles: Sequence[str] = (),
) -> Verdict:
    """Decide by the gain of transfer over the best baseline.

    Transfer helps (hurts) if the 95 % interval of the gain lies above (below) zero and its p-value agrees. No
    answer is given if the baseline learned nothing and its training was cut short.

    Args:
        findings: The results of the final evaluation.
        untried: Strategies that transfer and were planned, but never scored.
        leaks: Test images that resemble training images.
        roles: Roles of the additional images that the final model's strategy learns from.
    """
    verdict = _judge(findings, untried)
    kind = transfer_kind(roles, transfers=bool(findings.transfer_summary.transferred))
    single = isinstance(findings.test.details, SingleLabelScores)
    leaked = leak_warning(leaks, points=single or findings.test.metric in PROPORTIONS)
    return replace(
        verdict,
        sentence=verdict.sentence + leak_headline(leaks),
        caveat=" ".join(filter(None, (leaked, verdict.caveat))),
        delivered=model_sentence(findings, kind),
        warnings=tuple(filter(None, (leaked, calibration_warning(findings)))),
        kind=kind,
    )


def _judge(findings: Findings, untried: Sequence[str]) -> Verdict:
    gain, transfer, baseline = findings.transfer_gain, findings.transfer, findings.baseline
    if gain is None or transfer is None or baseline is None:
        return _not_measured(findings, findings.why_no_gain)
    if _learned_nothing(findings, baseline):
        why = f"{_name(baseline)} had no time to learn more than {_constant(findings.test)}"
        return _not_measured(findings, why)
    answer: Transfer = "no_measurable_difference"
    better, worse, headline = transfer, baseline, "Transfer makes no measurable difference"
    limited = findings.plateau is not None and not findings.plateau.converged
    caveat = _plateau_caveat(findings.plateau, findings.test) if limited else ""
    if gain.direction > 0:
        answer, headline = "helps", "Transfer helps"
    elif gain.direction < 0:
        answer, headline = "hurts", "Transfer hurts"
        better, worse = baseline, transfer
        gain = Gain(-gain.value, (-gain.ci95[1], -gain.ci95[0]), gain.n, gain.p, gain.trainings)
        limited, caveat = bool(untried), _untried_caveat(untried) if untried else ""
    within = " within this budget" if limited else ""
    advice = ", train from scratch" if answer == "hurts" else ""
    difference = _difference(gain, findings, better, worse)
    sentence = f"{headline}{within}{advice}: {_name(better)} {difference}"
    arm = findings.winner.arm
    return Verdict(answer, arm.strategy, arm.backbone, sentence, caveat, _cost(transfer, baseline))


def _not_measured(findings: Findings, why: str) -> Verdict:
    strategy, backbone = findings.winner.arm.strategy, findings.winner.arm.backbone
    return Verdict(
        None,
        strategy,
        backbone,
        f"{strategy} on {backbone} is the best model found. Whether transfer pays was not measured: {why}.",
    )


def _learned_nothing(findings: Findings, baseline: Record) -> bool:
    """Return whether a shortened baseline never beats the class frequencies.

    A trained baseline may fail on the test images alone, because they differ.
    """
    finding, plateau = findings.arms.get(baseline.arm), findings.plateau
    if finding is None or finding.test.always_majority is None:
        return False
    cut_short = baseline.state == "stopped" or (
        plateau is not None and plateau.arm == baseline.arm and not plateau.converged
    )
    constant, sign = finding.test.always_majority, 1 if finding.test.higher_is_better else -1
    beats_in_test = min(sign * end for end in finding.test.ci95) > sign * constant
    margin = MIN_LEARNED_MARGIN * (abs(constant) if finding.test.metric in IN_UNITS else 1.0)
    beats_in_validation = baseline.score is not None and baseline.score > sign * constant + margin
    return cut_short and not (beats_in_test or beats_in_validation)


def _constant(test: Evaluation) -> str:
    """Name what a prediction that is the same for each image knows."""
    if isinstance(test.details, RegressionScores):
        return "the same numbers for each image"
    if isinstance(test.details, MultiLabelScores):
        return "the frequencies of the labels"
    return "the largest class"


def _plateau_caveat(plateau: Plateau | None, test: Evaluation) -> str:
    """Bracket the gain over the baseline at its plateau."""
    if plateau is None:
        return ""
    trained = _epochs(plateau.epochs)
    low, high = (_amount(end, test) for end in plateau.gain_ci95)
    was = "was still improving after" if plateau.lengths > 1 else "was trained for only"
    return (
        f"{plateau.arm.strategy} {was} {trained}. If it were trained to its plateau, the "
        f"gain of transfer is expected between {low} and {high}{' points' if test.percent else ''}, "
        "by the forecast alone."
    )


def _epochs(count: float) -> str:
    if count < 1:
        return f"{100 * count:.0f}% of an epoch"
    return f"{count:.0f} epoch" + "s" * (round(count) != 1)


def _untried_caveat(untried: Sequence[str]) -> str:
    names = list(dict.fromkeys(untried))
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"There was no time to score {listed}: with more time, transfer may do better."


def _cost(transfer: Record, baseline: Record) -> str:
    return (
        f"One training took {format_duration(_seconds_per_fold(transfer))} ({transfer.arm.strategy}) and "
        f"{format_duration(_seconds_per_fold(baseline))} ({baseline.arm.strategy})."
    )


def _seconds_per_fold(record: Record) -> float:
    return record.seconds / max(1, record.folds)


def _name(record: Record) -> str:
    return f"{record.arm.strategy} on {record.arm.backbone}"


def _difference(gain: Gain, findings: Findings, better: Record, worse: Record) -> str:
    """Return the difference between both sides, its interval included."""
    test = findings.test
    if isinstance(test.details, RegressionScores):
        return _difference_of_numbers(gain, findings, better, worse)
    if test.percent:
        text = f"scores {_amount(gain.value, test)} points"
    else:
        side = "higher" if test.higher_is_better else "lower"
        text = f"is {_amount(gain.value, test)} better in {metric_name(test.metric)} ({side} is better)"
    return f"{text} against {_name(worse)} (95% interval {_interval(gain, test)})."


def _difference_of_numbers(gain: Gain, findings: Findings, better: Record, worse: Record) -> str:
    """Return the difference in the unit of the numbers, with the score of each side."""
    test, falls = findings.test, gain.value >= 0
    verb = "lowers" if falls != test.higher_is_better else "raises"
    change = significant(abs(gain.value)) if test.metric in IN_UNITS else f"{abs(gain.value):.3f}"
    tested = [findings.arms[each.arm].test for each in (better, worse) if each.arm in findings.arms]
    scores = ""
    if len(tested) == 2:
        ours, theirs = (score_text(each.value, test) for each in tested)
        scores = f"{ours} instead of {theirs}; "
    ends = _interval(gain, test)
    positive = "" if test.higher_is_better else "; above 0 is better"
    return (
        f"{verb} the {metric_name(test.metric)} by {change} against {_name(worse)} "
        f"({scores}95% interval of the gain {ends}{positive})."
    )


def _interval(gain: Gain, test: Evaluation) -> str:
    low, high = (_amount(end, test) for end in gain.ci95)
    return f"{low} to {high}"


def _amount(number: float, test: Evaluation) -> str:
    if test.metric in IN_UNITS:
        return significant(number, signed=True)
    text = f"{100 * number:+.1f}" if test.percent else f"{number:+.3f}"
    return text.replace("-", "−")
