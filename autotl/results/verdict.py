"""Say whether transfer pays, from its measured gain over training from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autotl.results.findings import Findings

Transfer = Literal["helps", "no_measurable_difference", "hurts"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and the sentence that says it."""

    transfer: Transfer
    strategy: str
    backbone: str
    sentence: str


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
    low, high = (_signed(end) for end in gain.ci95)
    name = f"{transfer.arm.strategy} on {transfer.arm.backbone}"
    scored = (
        f"scores {_signed(gain.value)} points against training from scratch (95% interval {low} to {high})"
    )
    if gain.direction > 0:
        return Verdict("helps", strategy, backbone, f"Transfer helps: {name} {scored}.")
    if gain.direction < 0:
        return Verdict("hurts", strategy, backbone, f"Transfer hurts: {name} {scored}.")
    return Verdict(
        "no_measurable_difference",
        strategy,
        backbone,
        f"Transfer makes no measurable difference: {name} {scored}.",
    )


def _signed(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
