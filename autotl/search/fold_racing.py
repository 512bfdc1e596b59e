"""Say which trials trail the best one fold by fold: another fold would only show it again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

LEVEL = 0.005
"""One-sided. Folds share training images, and over repeats validation images too, so that their differences
are not independent and the test finds too much (Bouckaert & Frank, Evaluating the Replicability of
Significance Tests for Comparing Learning Algorithms, PAKDD 2004): hence less than the usual 0.05. Five folds
reach no less than 1/32, eight 1/256: it speaks from the second repeat on.
"""


def trails(ledger: TrialHistory, trial: Trial, best: Trial) -> str:
    """Why the trial is run on no more folds, "" where it may be: by Wilcoxon's signed-rank test its scores on
    the folds that both have run are below those of the best.

    The value of information cannot tell: it weighs how far apart two trials are against the noise of the
    images, which repeats do not lessen, so two trials within it could be extended to the last fold though one
    loses on every fold. That it loses there is plain from the folds' scores alone, however small the
    difference. (Optuna's WilcoxonPruner asks the same of steps within one study; here trials of many studies
    are compared after they have ended.)
    """
    shared = sorted(trial.folds.keys() & best.folds.keys())
    ahead = np.array([trial.folds[fold].score - best.folds[fold].score for fold in shared])
    if trial is best or len(shared) <= ledger.k or ahead.mean() >= 0:
        return ""
    if (p := signed_rank(ahead)) >= LEVEL:
        return ""
    lost = int((ahead < 0).sum())
    return (
        f"run on no more folds: behind trial {best.number} ({best.arm}) on {lost} of the {len(shared)} folds "
        f"that both have run (Wilcoxon's p = {p:.2g})"
    )


def signed_rank(differences: NDArray[np.float64]) -> float:
    """The one-sided p of Wilcoxon's signed-rank test that differences (n,) lie below zero: the exact share of
    the ways to sign their ranks that put as little above it. Those of zero are ranked and then left out
    (Pratt, JASA, 1959).

    Accuracies on a few dozen images tie. For ties SciPy's test permutes in Python, most of a second for ten
    folds, which a search would pay at every choice.
    """
    # of equal sizes the mean rank, which may end in a half; rounded, lest equal ones differ in the last bit
    ranks = np.rint(2 * rankdata(np.abs(differences).round(9))).astype(np.int64)
    ways = np.ones(1)  # by the sum of the ranks above zero
    for rank in ranks[differences != 0]:
        ways = np.concatenate([ways, np.zeros(rank)]) + np.concatenate([np.zeros(rank), ways])
    above = int(ranks[differences > 0].sum())
    return float(ways[: above + 1].sum() / ways.sum())
