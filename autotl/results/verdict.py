"""Say whether transfer pays, from its measured gain over training from scratch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autotl.results.evaluate import Gain

Transfer = Literal["helps", "no_measurable_difference", "hurts"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and the sentence that says it."""

    transfer: Transfer
    strategy: str
    backbone: str
    sentence: str


def judge(strategy: str, backbone: str, gain: Gain | None, *, best_transfer: str | None, why_not: str) -> Verdict:
    """Judge by the 95 % interval of the gain: it helps (hurts) where the interval lies above (below) zero.

    ``strategy`` won on validation; the gain is that of ``best_transfer`` over the best baseline trial. Without a
    gain, ``why_not`` says what kept it from being measured.
    """
    if gain is None or best_transfer is None:
        sentence = f"{strategy} on {backbone} is the best model found; whether transfer pays was not measured: {why_not}"
        return Verdict("no_measurable_difference", strategy, backbone, sentence)
    low, high = (f"{100 * end:+.1f}" for end in gain.ci95)
    told = f"{100 * gain.value:+.1f} points over training from scratch (95 % interval {low} to {high})"
    if gain.ci95[0] > 0:
        return Verdict("helps", strategy, backbone, f"Transfer helps: {best_transfer} on {backbone} gains {told}.")
    if gain.ci95[1] < 0:
        return Verdict("hurts", strategy, backbone, f"Transfer hurts: {best_transfer} on {backbone} changes it by {told}.")
    return Verdict(
        "no_measurable_difference",
        strategy,
        backbone,
        f"No measurable difference: {best_transfer} on {backbone} changes it by {told}.",
    )
