"""Set what the scores foretold beside what training showed.

    python -m benchmarks.choice.table scores.csv finetune.csv

For each score: the weighted Kendall τ of its ranking of the backbones with the measured one (Vigna 2015), the
mean over data sets, and regret@1: how many points of test accuracy are lost by taking its first choice rather
than the best. Beside them the baseline "always the same backbone", for each of the backbones.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import weightedtau


def truths(scores: pd.DataFrame, finetune: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Measured accuracy (data set × backbone) of the probe, of fine-tuning, and of the better of both."""
    probe = scores[scores["score"] == "probe_test"].pivot_table("value", "data", "backbone")
    tuned = finetune.pivot_table("accuracy", "data", "backbone").reindex(
        index=probe.index, columns=probe.columns
    )
    both = np.fmax(probe, tuned)
    return {"probe": probe, "fine-tuned": tuned.dropna(), "better of both": both}


def judge(foretold: pd.DataFrame, truth: pd.DataFrame) -> Mapping[str, float]:
    """Mean weighted τ and mean and worst regret@1, in points, over the data sets that both have."""
    shared = foretold.dropna().index.intersection(truth.index)
    taus, regrets = [], []
    for data in shared:
        said, was = foretold.loc[data], truth.loc[data]
        taus.append(weightedtau(said, was).statistic)
        regrets.append(100 * (was.max() - was[said.idxmax()]))
    return {
        "data sets": len(shared),
        "weighted τ": float(np.nanmean(taus)) if np.isfinite(taus).any() else float("nan"),
        "regret@1": float(np.mean(regrets)),
        "worst": float(np.max(regrets)),
        "first is best": float(np.mean(np.array(regrets) == 0)),
    }


def main() -> None:
    scores, finetune = (pd.read_csv(path) for path in sys.argv[1:3])
    measured = truths(scores, finetune)
    for kind, truth in measured.items():
        print(f"\n## {kind}: test accuracy\n")
        print(truth.round(3).to_string())
        rows = {}
        for backbone in truth.columns:
            same = pd.DataFrame(0.0, index=truth.index, columns=truth.columns)
            same[backbone] = 1.0
            rows[f"always {backbone}"] = judge(same, truth)
        for name in sorted(set(scores["score"]) - {"probe_test", "all"}):
            foretold = scores[scores["score"] == name].pivot_table("value", "data", "backbone")
            rows[name] = judge(foretold, truth)
        print(f"\n## {kind}: the scores\n")
        print(pd.DataFrame(rows).T.sort_values("regret@1").round(3).to_string())


if __name__ == "__main__":
    main()
