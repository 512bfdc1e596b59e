"""Say whether transfer pays, from its measured gain over the best model that transfers nothing."""

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
    headline_of_leaks,
    warning_of_leaks,
)
from autotl.evaluation.delivered import delivered
from autotl.evaluation.findings import Findings
from autotl.evaluation.gain import Gain
from autotl.evaluation.plateau import Plateau
from autotl.evaluation.scores import Evaluation

Transfer = Literal["helps", "no_measurable_difference", "hurts"]

MORE = 0.05
"""How far above that of a constant answer a validation score shows that something was learned."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to whether transfer pays.

    Attributes:
        transfer: The answer in one word; None if it was not measured.
        strategy: The strategy of the model that is delivered.
        backbone: The network of the model that is delivered.
        sentence: The answer as a sentence, with both sides of the comparison; it ends with the share of test
            images that leak, if that is notable.
        caveat: What to know before it is believed; empty if there is nothing.
        cost: What each side took to train; empty if nothing was compared.
        delivered: What is delivered, with its own test score, as a sentence.
        warnings: What makes the test score or the stated confidence wrong, a sentence each.
    """

    transfer: Transfer | None
    strategy: str
    backbone: str
    sentence: str
    caveat: str = ""
    cost: str = ""
    delivered: str = ""
    warnings: tuple[str, ...] = ()


def judge(findings: Findings, untried: Sequence[str] = (), leaks: Leaks = NO_LEAKS) -> Verdict:
    """Judge by the gain of the best arm that transfers over the best arm that transfers nothing.

    Transfer helps (hurts) if the 95 % interval of the gain lies above (below) zero and the test of
    :class:`Gain` agrees. Nothing is said of a baseline that has learned nothing and was still to be trained.

    Args:
        findings: What the test part showed.
        untried: Strategies that transfer and were planned, but never scored.
        leaks: What the test part shares with the training part.
    """
    found = _judge(findings, untried)
    leaked = warning_of_leaks(leaks)
    return replace(
        found,
        sentence=found.sentence + headline_of_leaks(leaks),
        caveat=" ".join(filter(None, (leaked, found.caveat))),
        delivered=delivered(findings),
        warnings=tuple(filter(None, (leaked, calibration_warning(findings)))),
    )


def _judge(findings: Findings, untried: Sequence[str]) -> Verdict:
    strategy, backbone = findings.winner.arm.strategy, findings.winner.arm.backbone
    gain, transfer, baseline = findings.transfer_gain, findings.transfer, findings.baseline
    if gain is None or transfer is None or baseline is None:
        return _unmeasured(findings, findings.why_no_gain)
    if _learned_nothing(findings, baseline):
        return _unmeasured(findings, f"{_name(baseline)} had no time to learn more than the largest class")
    plateau = findings.plateau
    within = " within this budget" if plateau is not None and not plateau.converged else ""
    caveat = _caveat(plateau, findings.test) if within else ""
    ours, theirs = _name(transfer), _name(baseline)
    cost = _cost(transfer, baseline)
    if gain.direction > 0:
        said = f"Transfer helps{within}: {ours} {_scored(gain, findings.test)} against {theirs}"
        return Verdict("helps", strategy, backbone, said + _interval(gain, findings.test), caveat, cost)
    if gain.direction < 0:
        against = Gain(-gain.value, (-gain.ci95[1], -gain.ci95[0]), gain.n, gain.p, gain.trainings)
        within = " within this budget" if untried else ""
        caveat = _unscored(untried) if untried else ""
        said = (
            f"Transfer hurts{within}, train from scratch: {theirs} {_scored(against, findings.test)} against "
        )
        said += ours + _interval(against, findings.test)
        return Verdict("hurts", strategy, backbone, said, caveat, cost)
    said = f"Transfer makes no measurable difference{within}: {ours} {_scored(gain, findings.test)} against "
    said += theirs + _interval(gain, findings.test)
    return Verdict("no_measurable_difference", strategy, backbone, said, caveat, cost)


def _unmeasured(findings: Findings, why: str) -> Verdict:
    strategy, backbone = findings.winner.arm.strategy, findings.winner.arm.backbone
    return Verdict(
        None,
        strategy,
        backbone,
        f"{strategy} on {backbone} is the best model found. Whether transfer pays was not measured: {why}.",
    )


def _learned_nothing(findings: Findings, baseline: Record) -> bool:
    """Whether the baseline beats a constant answer neither in validation nor in the test, and was cut short.

    A baseline that has learned may fail in the test alone, because the test images differ.
    """
    finding, plateau = findings.arms.get(baseline.arm), findings.plateau
    if finding is None or finding.test.always_majority is None:
        return False
    cut_short = baseline.state == "stopped" or (
        plateau is not None and plateau.arm == baseline.arm and not plateau.converged
    )
    constant, sign = finding.test.always_majority, 1 if finding.test.higher_is_better else -1
    tested = min(sign * end for end in finding.test.ci95) > sign * constant
    validated = baseline.score is not None and baseline.score > sign * constant + MORE
    return cut_short and not (tested or validated)


def _caveat(plateau: Plateau | None, test: Evaluation) -> str:
    """Bracket the gain that would be left if the baseline had been trained to its plateau."""
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


def _unscored(untried: Sequence[str]) -> str:
    names = list(dict.fromkeys(untried))
    listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return f"There was no time to score {listed}: with more time, transfer may do better."


def _cost(transfer: Record, baseline: Record) -> str:
    return (
        f"One training took {format_duration(_each(transfer))} ({transfer.arm.strategy}) and "
        f"{format_duration(_each(baseline))} ({baseline.arm.strategy})."
    )


def _each(record: Record) -> float:
    """The seconds that a trial took on one fold."""
    return record.seconds / max(1, record.folds)


def _name(record: Record) -> str:
    return f"{record.arm.strategy} on {record.arm.backbone}"


def _scored(gain: Gain, test: Evaluation) -> str:
    if test.percent:
        return f"scores {_amount(gain.value, test)} points"
    better = "higher" if test.higher_is_better else "lower"
    return f"is {_amount(gain.value, test)} better in {test.metric.replace('_', ' ')} ({better} is better)"


def _interval(gain: Gain, test: Evaluation) -> str:
    low, high = (_amount(end, test) for end in gain.ci95)
    return f" (95% interval {low} to {high})."


def _amount(number: float, test: Evaluation) -> str:
    found = f"{100 * number:+.1f}" if test.percent else f"{number:+.3f}"
    return found.replace("-", "−")
