"""Say whether transfer pays, from its measured gain over training from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autotl.api import Record
from autotl.results.evaluate import Evaluation
from autotl.results.findings import Findings
from autotl.results.gain import Gain

Transfer = Literal["helps", "no_measurable_difference", "hurts"]

FEW_EPOCHS = 5
"""Fewer passes over the images than a random start needs to get anywhere."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the sentence that says it, and what to know before it is believed, if anything."""

    transfer: Transfer
    strategy: str
    backbone: str
    sentence: str
    caveat: str = ""


def judge(findings: Findings) -> Verdict:
    """Judge by the 95 % interval of the gain: transfer helps (hurts) where it lies above (below) zero
    and the exact sign test on the same images agrees.

    The strategy named is the one chosen on validation; the gain is the best transfer arm's over the best
    baseline trial, both having learned from the same images.
    """
    strategy, backbone = findings.winner.arm.strategy, findings.winner.arm.backbone
    gain, transfer = findings.transfer_gain, findings.transfer
    if gain is None or transfer is None:
        return Verdict(
            "no_measurable_difference",
            strategy,
            backbone,
            f"{strategy} on {backbone} is the best model found. "
            f"Whether transfer pays was not measured: {findings.why_no_gain}.",
        )
    name = f"{transfer.arm.strategy} on {transfer.arm.backbone}"
    scored, caveat = _scored(gain, findings.test), _starved(findings.baseline)
    if gain.direction > 0:
        return Verdict("helps", strategy, backbone, f"Transfer helps: {name} {scored}.", caveat)
    if gain.direction < 0:
        return Verdict("hurts", strategy, backbone, f"Transfer hurts: {name} {scored}.", caveat)
    return Verdict(
        "no_measurable_difference",
        strategy,
        backbone,
        f"Transfer makes no measurable difference: {name} {scored}.",
        caveat,
    )


def _starved(baseline: Record | None) -> str:
    """What to know of a baseline that this budget did not let learn."""
    if baseline is None:
        return ""
    stopped, planned = baseline.state == "stopped", baseline.params.get("epochs")
    if not stopped and not (isinstance(planned, int) and planned < FEW_EPOCHS):
        return ""
    done = "less than one epoch" if not baseline.epochs else f"{baseline.epochs} epoch"
    done += "s" if baseline.epochs > 1 else ""
    ended = f"was stopped by the end of its time after {done}" if stopped else f"had time for {done}"
    return (
        f"Training from scratch {ended}: the gain is what transfer is worth within this budget. With more "
        "time a network trained from scratch is expected to score higher."
    )


def _scored(gain: Gain, test: Evaluation) -> str:
    if test.percent:
        low, high = (_signed(100 * end, 1) for end in gain.ci95)
        by = f"scores {_signed(100 * gain.value, 1)} points"
    else:
        better = "higher" if test.higher_is_better else "lower"
        low, high = (_signed(end, 3) for end in gain.ci95)
        name = test.metric.replace("_", " ")
        by = f"is {_signed(gain.value, 3)} better in {name} ({better} is better)"
    return f"{by} against training from scratch (95% interval {low} to {high})"


def _signed(number: float, digits: int) -> str:
    return f"{number:+.{digits}f}".replace("-", "−")
