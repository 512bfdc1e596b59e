"""Stop racing a trial against the best on further folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from autotl.search.stopping.rule import StoppingRule
from autotl.trials.trial import Trial

LEVEL = 0.005
"""The one-sided level of the test.

Folds share training images, and repeats share validation images. Their differences are dependent, so the test
rejects too often (Bouckaert & Frank, PAKDD 2004). The level is therefore lower than 0.05. With five
folds p is at least 1/32, with eight 1/256: the rule applies from the second repeat on.
"""


class FoldRacingRule(StoppingRule):
    """Keeps a trial from further folds if it loses to the best.

    Wilcoxon's signed-rank test decides on the folds that both have run.

    The expected value of another fold cannot show this. It weighs the score difference against the noise of
    the images, which repeats do not reduce. Two trials within the noise would run on all folds, even if one
    of them loses on each.
    """

    def fold_reason(self, trial: Trial, best: Trial) -> str:
        """Return what keeps ``trial`` from further folds, or ""."""
        shared = sorted(trial.folds.keys() & best.folds.keys())
        differences = np.array([trial.folds[fold].score - best.folds[fold].score for fold in shared])
        per_repeat = self._context.history.folds_per_repeat
        if trial is best or len(shared) <= per_repeat or differences.mean() >= 0:
            return ""
        if (p := signed_rank(differences)) >= LEVEL:
            return ""
        lost = int((differences < 0).sum())
        return (
            f"run on no further folds: below trial {best.number} ({best.arm}) on {lost} of the {len(shared)} "
            f"folds that both have run (Wilcoxon's p = {p:.2g})"
        )


def signed_rank(differences: NDArray[np.float64]) -> float:
    """Return the exact one-sided p-value that differences lie below zero.

    Differences of zero are ranked and then dropped (Pratt, JASA, 1959). Accuracies on a few dozen images have
    ties. SciPy's exact test permutes tied ranks in Python, which takes most of a second for ten folds.

    Args:
        differences: The differences, of shape (n,).
    """
    # ranks are doubled, because tied ones can end in a half, and rounded, so that equal ones are equal
    ranks = np.rint(2 * rankdata(np.abs(differences).round(9))).astype(np.int64)
    ways = np.ones(1)  # the number of sign patterns by the sum of positive ranks
    for rank in ranks[differences != 0]:
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    above = int(ranks[differences > 0].sum())
    return float(ways[: above + 1].sum() / ways.sum())
