"""Compare forecasts of a probe's accuracy from half of the training images with the measured accuracy.

    python -m benchmarks.choice.curves --backbone FOLDER --seeds 5 --out curves.csv DATA.zip …

The truth is the accuracy of the probe cross-validated on all training images, so it has learned from four
fifths of them. The forecast is for the same number of images. Each data set and seed gives a row.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from autotl.analysis.learning_curve import SizeScores, probe_at_sizes
from autotl.curve import forecast
from autotl.data import torch_within_cores
from autotl.training import keep_freed_memory
from benchmarks.prepared import prepared

SIDE = 128


def sizes_of(data: Path, backbone: str, folder: Path, *, seed: int) -> SizeScores:
    """Return the accuracies of the probe at rising sizes.

    Args:
        data: The data set.
        backbone: The backbone.
        folder: Folder for decoded images and features.
        seed: Seed of the subsets.
    """
    ready = prepared(data, folder, backbone=backbone, image_size=SIDE, experience=False)
    found = probe_at_sizes(ready.run_cache, next(iter(ready.backbones)), seed=seed)
    assert found is not None, "too few images for a curve"
    return found


def half(data: Path, folder: Path, *, seed: int) -> Path:
    """Write the data set with a random half of each class's training images.

    Args:
        data: The data set.
        folder: Folder for the new file.
        seed: Seed of the choice.
    """
    path, rng = folder / f"{data.stem}-half-{seed}.zip", np.random.default_rng(seed)
    with zipfile.ZipFile(data) as archive, zipfile.ZipFile(path, "w") as out:
        names = sorted(name for name in archive.namelist() if not name.endswith("/"))
        train = [name for name in names if name.startswith("train/")]
        kept = set(names) - set(train)
        for label in sorted({name.split("/")[1] for name in train}):
            own = [name for name in train if name.split("/")[1] == label]
            kept |= {own[i] for i in rng.permutation(len(own))[: len(own) // 2]}
        for name in names:
            if name in kept:
                out.writestr(name, archive.read(name))
    return path


def main() -> None:
    """Forecast for all data sets, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_text("data,seed,n_half,n_full,now,forecast,low,high,truth\n")
    with torch_within_cores(), keep_freed_memory(True), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for data in given.data:
            whole = sizes_of(data, given.backbone, folder / "cache", seed=0)
            truth, full = float(whole.scores[-1].mean()), int(whole.sizes[-1])
            for seed in range(given.seeds):
                part = half(data, folder, seed=seed)
                found = sizes_of(part, given.backbone, folder / "cache", seed=seed)
                predicted = forecast(found.sizes, found.scores, found.validated, seed=seed).at(full)
                row = (
                    data.stem, seed, int(found.sizes[-1]), full, round(float(found.scores[-1].mean()), 4),
                    round(predicted.value, 4), *(round(end, 4) for end in predicted.ci95), round(truth, 4),
                )  # fmt: skip
                with given.out.open("a", newline="") as file:
                    csv.writer(file).writerow(row)
                print(*row, flush=True)


if __name__ == "__main__":
    main()
