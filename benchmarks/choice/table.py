"""Compare rankings of backbones by scores with their measured accuracies.

    python -m benchmarks.choice.table scores.csv finetune.csv

For each score, prints the weighted Kendall τ between its ranking and the measured one (Vigna 2015), as a mean
over data sets, and regret@1. Regret@1 is the loss of test accuracy in points if the first choice is used
instead of the best backbone. The baselines are "always the same backbone", for each backbone.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import weightedtau


def truths(scores: pd.DataFrame, finetune: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return measured accuracies (data set × backbone) of the probe, of fine-tuning and of the better one."""
    probe = scores[scores["score"] == "probe_test"].pivot_table("value", "data", "backbone")
    tuned = finetune.pivot_table("accuracy", "data", "backbone").reindex(
        index=probe.index, columns=probe.columns
    )
    both = np.fmax(probe, tuned)
    return {"probe": probe, "fine-tuned": tuned.dropna(), "better of both": both}


def agreement(scores: pd.DataFrame, truth: pd.DataFrame) -> Mapping[str, float]:
    """Return the mean weighted τ and the regret@1 in points, over common data sets."""
    shared = scores.dropna().index.intersection(truth.index)
    taus, regrets = [], []
    for data in shared:
        predicted, measured = scores.loc[data], truth.loc[data]
        taus.append(weightedtau(predicted, measured).statistic)
        regrets.append(100 * (measured.max() - measured[predicted.idxmax()]))
    return {
        "data sets": len(shared),
        "weighted τ": float(np.nanmean(taus)) if np.isfinite(taus).any() else float("nan"),
        "regret@1": float(np.mean(regrets)),
        "worst": float(np.max(regrets)),
        "first is best": float(np.mean(np.array(regrets) == 0)),
    }


def main() -> None:
    """Print the tables."""
    scores, finetune = (pd.read_csv(path) for path in sys.argv[1:3])
    measured = truths(scores, finetune)
    for kind, truth in measured.items():
        print(f"\n## {kind}: test accuracy\n")
        print(truth.round(3).to_string())
        rows = {}
        for backbone in truth.columns:
            same = pd.DataFrame(0.0, index=truth.index, columns=truth.columns)
            same[backbone] = 1.0
            rows[f"always {backbone}"] = agreement(same, truth)
        for name in sorted(set(scores["score"]) - {"probe_test", "all"}):
            own = scores[scores["score"] == name].pivot_table("value", "data", "backbone")
            rows[name] = agreement(own, truth)
        print(f"\n## {kind}: the scores\n")
        print(pd.DataFrame(rows).T.sort_values("regret@1").round(3).to_string())


if __name__ == "__main__":
    main()
