"""Measure what tells two networks apart on few images: right answers, or how probable these were held to be.

    autotl bench selection --out OUT --data DATA --weights WEIGHTS
    python benchmarks/graded.py OUT [--images 135] [--draws 20]

For each pair of entrants on the same test images, some images are drawn to compare them on; the truth is the
difference of their accuracies on the others. The loss is what taking the one that leads costs in accuracy.
``sure`` is how often the sign is right where the lead is more than two of its standard errors, and ``beyond``
by how much a lead misses the truth, as a standard deviation in points, beyond what both standard errors tell.
With ``--near`` only pairs count whose accuracies lie so close together.
"""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np

from autotl.bench import true_labels
from autotl.leaderboard import read_rows
from autotl.metrics import METRICS

ACCURACY = METRICS["accuracy"]
LEAST = 100
"""Images that must be left to see the truth on."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="what 'autotl bench' wrote")
    parser.add_argument("--images", type=int, default=135)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--near", type=float, default=1.0)
    asked = parser.parse_args()
    results, draw = asked.out / "results.parquet", np.random.default_rng(0)
    labels, blocks = true_labels([results]), defaultdict(list)
    for row in read_rows(results):
        if row.logits is not None and row.split in labels:
            blocks[row.split, row.seed].append(row.logits)
    assert ACCURACY.calibrated_likelihood is not None
    metrics = (ACCURACY, ACCURACY.calibrated_likelihood)
    found: dict[str, list[tuple[float, float, float, float]]] = {each.name: [] for each in metrics}
    for (split, _), several in blocks.items():
        true = labels[split]
        for (one, other), _ in itertools.product(itertools.combinations(several, 2), range(asked.draws)):
            if abs(ACCURACY(true, one) - ACCURACY(true, other)) > asked.near:
                continue
            shown, hidden = np.split(draw.permutation(len(true)), [min(asked.images, len(true) // 2)])
            if len(hidden) < LEAST:
                continue
            assert ACCURACY.mean is not None
            truth = ACCURACY.mean(true[hidden], one[hidden]) - ACCURACY.mean(true[hidden], other[hidden])
            ahead, around = float(truth.mean()), float(truth.var() / len(hidden))
            for each in metrics:
                assert each.mean is not None
                apart = each.mean(true[shown], one[shown]) - each.mean(true[shown], other[shown])
                error = max(float(apart.std()) / len(shown) ** 0.5, 1e-9)
                found[each.name].append((ahead, float(apart.mean()), error, error**2 + around))
    print("by         comparisons  standard errors  right sign  sure  beyond  loss in points")
    for name, every in found.items():
        truth, lead, errors, told = np.array(every).T
        loss = np.where(lead > 0, np.maximum(-truth, 0), np.maximum(truth, 0))
        middle, right = np.median(abs(lead / errors)), (lead > 0) == (truth > 0)
        clear = abs(lead) > 2 * errors
        beyond = 100 * max(float(((lead - truth) ** 2 - told).mean()), 0.0) ** 0.5
        print(
            f"{name:9}  {len(truth):11}  {middle:15.1f}  {right.mean():10.0%}  {right[clear].mean():4.0%}  "
            f"{beyond:6.1f}  {100 * loss.mean():14.2f}"
        )


if __name__ == "__main__":
    main()
