"""Say which arms cannot win any more: no further trial of them is worth its time."""

from __future__ import annotations

from autotl.api import Arm
from autotl.search.acquisition import PRIOR_SPREAD
from autotl.trials.history import TrialHistory

SURE = 2.58
"""Standard errors, on one side: one arm in two hundred is given up that would have deserved another trial."""
REACH = 5.0
"""How far further settings may reach beyond those tried, in what settings are assumed to matter."""


def beaten(ledger: TrialHistory, arm: Arm) -> str:
    """Why no setting of the arm is expected to win, "" where one may.

    Its best trial is behind the best of all by more than the noise of the validation images (paired, as in
    :meth:`Ledger.doubt`) and what further settings may bring, which is less the more have been tried.
    """
    best, own = ledger.best(leading=True), ledger.best(arm, leading=True)
    if best is None or own is None or own.arm == best.arm:
        return ""
    behind = ledger.belief(best) - ledger.belief(own)
    reach = SURE * ledger.doubt(own, best) + REACH * PRIOR_SPREAD * ledger.unit / len(ledger.of(arm))
    if behind <= reach:
        return ""
    tried = len(ledger.of(arm))
    by, bar = (_told(ledger, each) for each in (behind, reach))
    return (
        f"given up after {tried} {'trial' if tried == 1 else 'trials'}: {by} behind "
        f"{best.arm} on the validation images, beyond noise and other settings ({bar})"
    )


def _told(ledger: TrialHistory, difference: float) -> str:
    return f"{100 * difference:.1f} points" if ledger.measure.percent else f"{difference:.3f}"
