"""Score every backbone on every data set before training, and measure the accuracy of a linear probe.

    python -m benchmarks.choice.scores --backbone FOLDER … --out scores.csv DATA.zip …

Each data set, backbone and score gives a row with an interval. ``probe_test`` is the test accuracy of a
logistic regression on the same features, for three random subsets of four fifths of the training images. Its
C is chosen by cross-validation on the subset. The scores use only the training images.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl import plugins
from autotl.analysis.backbone_ranking import Scores, stratified_rows
from autotl.analysis.frozen_features import frozen_features
from autotl.api import HeadSetting
from autotl.backbone import pooled
from autotl.data import render, torch_within_cores, view_of
from autotl.pipeline.prepare import Prepared
from autotl.training import fit_heads, forward_in_batches, keep_freed_memory
from benchmarks.prepared import prepared

SIDE = 128
CS = (1e-3, 1e-2, 1e-1)
SEEDS = 3

Labels = NDArray[np.int64]


def probe_test(
    features: Tensor, labels: Labels, test_features: Tensor, test_labels: Labels, *, seed: int
) -> float:
    """Return the test accuracy of a probe that learned from a random four fifths of the rows.

    Args:
        features: Features of the training images, (n, d).
        labels: Their class indices, (n,).
        test_features: Features of the test images, (m, d).
        test_labels: Their class indices, (m,).
        seed: Seed of the subset and of its folds.
    """
    classes = int(labels.max()) + 1
    subset = torch.from_numpy(stratified_rows(labels, round(0.8 * len(labels)), seed=seed))
    parts = np.random.default_rng(seed).permutation(len(subset)) % 5
    folds = [subset[parts != part] for part in range(5)] + [subset]
    settings = [HeadSetting(c) for c in CS]
    y = torch.from_numpy(labels)
    found = fit_heads(features, y, classes=classes, settings=settings, folds=folds)
    hits = np.zeros(len(CS))
    for fold in range(5):
        val = subset[parts == fold]
        logits = torch.einsum("nd,skd->snk", features[val], found.weight[fold]) + found.bias[fold][:, None]
        hits += (logits.argmax(2) == y[val]).sum(1).numpy()
    best = int(hits.argmax())
    answers = (test_features @ found.weight[5, best].T + found.bias[5, best]).argmax(1).numpy()
    return float((answers == test_labels).mean())


def measure(data: Path, backbones: list[str]) -> Iterator[tuple[object, ...]]:
    """Yield data set, backbone, score, seed, value, low, high and seconds of each measurement."""
    catalog = plugins.load()
    with tempfile.TemporaryDirectory() as folder:
        ready = prepared(
            data,
            Path(folder),
            backbone=backbones,
            image_size=SIDE,
            all_backbones=True,
            experience=False,
        )
        rows = ready.locked.open("the benchmark's one evaluation")
        truth = ready.dataset.targets[rows]
        scores = Scores(catalog.transferabilities.items, 0, most=10_000)
        for name in ready.backbones:
            frozen = frozen_features(ready.run_cache, name, seed=0)
            started = time.monotonic()
            scores.add(name, frozen)
            seconds = time.monotonic() - started
            test = test_features_of(ready, name, rows)
            train = torch.from_numpy(frozen.features).float()
            for seed in range(SEEDS):
                accuracy = probe_test(train, frozen.labels, test, truth, seed=seed)
                yield data.stem, name, "probe_test", seed, round(accuracy, 4), "", "", ""
            yield data.stem, name, "all", "", "", "", "", round(seconds, 1)
        for name, by_score in scores.ranking().scores.items():
            for score, each in by_score.items():
                low, high = each.ci95 or ("", "")
                yield data.stem, name, score, "", each.value, low, high, ""


def test_features_of(ready: Prepared, name: str, rows: Labels) -> Tensor:
    """Return the pooled features of rows of the data set, (rows, d), by the backbone ``name``."""
    view = view_of(ready.backbones[name].config, input_size=SIDE)
    pixels = torch.from_numpy(render(ready.dataset, rows, view))
    model = ready.run_cache.networks.source(name)
    normalise = partial(ready.run_cache.normalise, name)
    return forward_in_batches(partial(pooled, model), pixels, to_batch=normalise, device="cpu")


def main() -> None:
    """Measure all data sets, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_text("data,backbone,score,seed,value,low,high,seconds\n")
    with torch_within_cores(), keep_freed_memory(True):
        for data in given.data:
            found = list(measure(data, given.backbone))
            with given.out.open("a", newline="") as file:
                csv.writer(file).writerows(found)
            print(data.stem, len(found), flush=True)


if __name__ == "__main__":
    main()
