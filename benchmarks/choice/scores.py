"""Score every backbone on every data set before training, and measure what the linear probe then reaches.

    python -m benchmarks.choice.scores --backbone FOLDER … --out scores.csv DATA.zip …

A row per data set, backbone and score, with its interval; ``probe_test`` is the test accuracy of a logistic
regression on the same features, for each of three random four fifths of the training images, its C chosen by
cross-validation on these. The scores see the training images alone.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from autotl import plugins
from autotl.analysis.backbone_ranking import Scores, stratified_rows
from autotl.analysis.frozen_features import frozen_features
from autotl.api import HeadSetting
from autotl.backbone import pooled
from autotl.data import render, torch_within_cores, view_of
from autotl.training import fit_heads, forward_in_batches, keep_freed_memory
from benchmarks.prepared import prepared

SIDE = 128
CS = (1e-3, 1e-2, 1e-1)
SEEDS = 3


def probe_test(features, labels, test_features, test_labels, *, seed: int) -> float:
    """Test accuracy of a probe that has learned from a random four fifths of the rows."""
    classes = int(labels.max()) + 1
    own = torch.from_numpy(stratified_rows(labels, round(0.8 * len(labels)), seed=seed))
    parts = np.random.default_rng(seed).permutation(len(own)) % 5
    folds = [own[parts != part] for part in range(5)] + [own]
    settings = [HeadSetting(c) for c in CS]
    y = torch.from_numpy(labels)
    found = fit_heads(features, y, classes=classes, settings=settings, folds=folds)
    hits = np.zeros(len(CS))
    for fold in range(5):
        rest = own[parts == fold]
        logits = torch.einsum("nd,skd->snk", features[rest], found.weight[fold]) + found.bias[fold][:, None]
        hits += (logits.argmax(2) == y[rest]).sum(1).numpy()
    best = int(hits.argmax())
    answers = (test_features @ found.weight[5, best].T + found.bias[5, best]).argmax(1).numpy()
    return float((answers == test_labels).mean())


def measure(data: Path, backbones: list[str]):
    """Rows of data set, backbone, score, seed, value, low, high, seconds."""
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
        truth = ready.dataset.table["label"].to_numpy()[rows]
        scores = Scores(catalog.transferabilities.items, 0, most=10_000)
        for name, facts in ready.backbones.items():
            seen = frozen_features(ready.materials, name, seed=0)
            started = time.monotonic()
            scores.add(name, seen)
            seconds = time.monotonic() - started
            pixels = torch.from_numpy(render(ready.dataset, rows, view_of(facts.config, side=SIDE)))
            model = ready.materials.source_model(name)
            normalise = partial(ready.materials.normalise, name)
            test = forward_in_batches(partial(pooled, model), pixels, normalise=normalise, device="cpu")
            train = torch.from_numpy(seen.features).float()
            for seed in range(SEEDS):
                found = probe_test(train, seen.labels, test, truth, seed=seed)
                yield data.stem, name, "probe_test", seed, round(found, 4), "", "", ""
            yield data.stem, name, "all", "", "", "", "", round(seconds, 1)
        for name, found_of in scores.ranking().scores.items():
            for score, each in found_of.items():
                low, high = each.ci95 or ("", "")
                yield data.stem, name, score, "", each.value, low, high, ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", action="append", required=True)
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    told.out.write_text("data,backbone,score,seed,value,low,high,seconds\n")
    with torch_within_cores(), keep_freed_memory(True):
        for data in told.data:
            found = list(measure(data, told.backbone))
            with told.out.open("a", newline="") as file:
                csv.writer(file).writerows(found)
            print(data.stem, len(found), flush=True)


if __name__ == "__main__":
    main()
