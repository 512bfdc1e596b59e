"""Compare accuracy and calibrated likelihood as a criterion for choosing between two networks on few images.

    autotl bench selection --out OUT --data DATA --weights WEIGHTS
    python benchmarks/graded.py OUT [--images 135] [--draws 20]

For each pair of entrants on the same test images, some images are drawn for the comparison. The truth is the
difference of their accuracies on the other images. The loss is the loss of accuracy if the leading network is
chosen. ``sure`` is how often the sign is correct if the difference is more than two standard errors.
``beyond`` is the error of the difference beyond both standard errors, as a standard deviation in points.
``--near`` limits the pairs by the difference of their accuracies.
"""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.bench import true_labels
from autotl.leaderboard import read_rows
from autotl.metrics import METRICS, Metric

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Logits = NDArray[np.float32]
Comparison = tuple[float, float, float, float]
"""True difference, measured difference, its standard error, and the variance of their distance."""

ACCURACY = METRICS["accuracy"]
MIN_TRUTH_IMAGES = 100
"""Images that must be left for the truth."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("out", type=Path, help="results folder of 'autotl bench'")
    parser.add_argument("--images", type=int, default=135)
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--near", type=float, default=1.0)
    given = parser.parse_args()
    print("by         comparisons  standard errors  right sign  sure  beyond  loss in points")
    for name, rows in comparisons(given).items():
        print_row(name, rows)


def comparisons(given: argparse.Namespace) -> dict[str, list[Comparison]]:
    """Return the comparisons of all pairs of networks, by the name of the metric."""
    results, rng = given.out / "results.parquet", np.random.default_rng(0)
    labels, blocks = true_labels([results]), defaultdict(list)
    for row in read_rows(results):
        if row.logits is not None and row.split in labels:
            blocks[row.split, row.seed].append(row.logits)
    assert ACCURACY.calibrated_likelihood is not None
    metrics = (ACCURACY, ACCURACY.calibrated_likelihood)
    found: dict[str, list[Comparison]] = {each.name: [] for each in metrics}
    for (split, _), networks in blocks.items():
        y = labels[split]
        for (one, other), _ in itertools.product(itertools.combinations(networks, 2), range(given.draws)):
            if abs(ACCURACY(y, one) - ACCURACY(y, other)) > given.near:
                continue
            shown, hidden = np.split(rng.permutation(len(y)), [min(given.images, len(y) // 2)])
            if len(hidden) < MIN_TRUTH_IMAGES:
                continue
            true = differences(ACCURACY, y, one, other, hidden)
            truth, truth_variance = float(true.mean()), float(true.var() / len(hidden))
            for metric in metrics:
                lead = differences(metric, y, one, other, shown)
                error = max(float(lead.std()) / len(shown) ** 0.5, 1e-9)
                comparison = truth, float(lead.mean()), error, error**2 + truth_variance
                found[metric.name].append(comparison)
    return found


def differences(metric: Metric, y: Labels, one: Logits, other: Logits, rows: Labels) -> Floats:
    """Return the differences of a metric between two networks for each row.

    Args:
        metric: A metric that is a mean over images.
        y: True labels, (n,).
        one: Logits of the first network, (n, k).
        other: Logits of the second network, (n, k).
        rows: The rows to compare on.
    """
    assert metric.per_image is not None
    return metric.per_image(y[rows], one[rows]) - metric.per_image(y[rows], other[rows])


def print_row(name: str, rows: list[Comparison]) -> None:
    """Print the results of a metric."""
    truth, lead, errors, variance = np.array(rows).T
    loss = np.where(lead > 0, np.maximum(-truth, 0), np.maximum(truth, 0))
    middle, correct = np.median(abs(lead / errors)), (lead > 0) == (truth > 0)
    clear = abs(lead) > 2 * errors
    beyond = 100 * max(float(((lead - truth) ** 2 - variance).mean()), 0.0) ** 0.5
    print(
        f"{name:9}  {len(truth):11}  {middle:15.1f}  {correct.mean():10.0%}  {correct[clear].mean():4.0%}  "
        f"{beyond:6.1f}  {100 * loss.mean():14.2f}"
    )


if __name__ == "__main__":
    main()
