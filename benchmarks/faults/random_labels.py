"""Fit random labels, and count the false claims of the reports.

    python -m benchmarks.faults.random_labels --data hymenoptera.zip textures10.zip --backbone tiny FOLDER \
        --seeds 20 --budget 20s --out random_labels.csv

The training images of each zip get one of two labels at random, so nothing can be learned. Each data set,
backbone and seed gives a row: the test score with its interval, the chance level, the verdict, and the
sentences about the model. At most 5 of 100 rows should contain a claim. The arguments above give 80 runs of
20 seconds.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import autotl
from autotl.terminal import Silence

IMAGES = 160
LABELS = ("good", "bad")


def draw(data: Path, folder: Path, *, seed: int) -> Path:
    """Write training images in random classes.

    Args:
        data: Zip of the data set.
        folder: Folder for the result.
        seed: Seed of the images and classes.
    """
    rng, root = np.random.default_rng(seed), folder / "images"
    with zipfile.ZipFile(data) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("train/") and name[-1] != "/")
        for place in rng.permutation(len(names))[:IMAGES].tolist():
            file = root / str(rng.choice(LABELS)) / f"{place:05d}{Path(names[place]).suffix}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(archive.read(names[place]))
    return root


def measured(data: Path, backbone: str, *, seed: int, budget: str) -> dict[str, Any]:
    """Fit one data set of random labels, and return the claims of its report.

    Args:
        data: Zip of the data set.
        backbone: The backbone.
        seed: Seed of the labels and the run.
        budget: The budget of the run.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = autotl.fit(
            draw(data, Path(folder), seed=seed),
            backbone=backbone,
            budget=budget,
            experience=False,
            seed=seed,
            watch=Silence(),
        )
    test, verdict = result.report["test"], result.report["verdict"]
    gain = result.report["search"]["gain_over_best_default"]
    return {
        "data": data.stem,
        "backbone": Path(backbone).name,
        "seed": seed,
        "n": test["n"],
        "test": test["value"],
        "low": test["ci95"][0],
        "high": test["ci95"][1],
        "chance": test["always_majority"],
        "above_chance": test["ci95"][0] > test["always_majority"],
        "transfer": verdict["transfer"],
        "search_gained": gain is not None and gain["ci95"][0] > 0,
        "hurt_classes": len(result.report["when"]["negative_transfer_classes"]),
        "sentence": verdict["sentence"],
        "delivered": verdict["delivered"],
    }


def claims(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Count the rows with each kind of claim, which are all false."""
    return {
        "above chance": sum(row["above_chance"] for row in rows),
        "transfer helps or hurts": sum(row["transfer"] in {"helps", "hurts"} for row in rows),
        "search gained": sum(row["search_gained"] for row in rows),
        "classes harmed": sum(row["hurt_classes"] > 0 for row in rows),
    }


def main() -> None:
    """Run all combinations, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--backbone", nargs="+", required=True)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", default="20s")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for seed, data, backbone in itertools.product(range(given.seeds), given.data, given.backbone):
        rows.append(measured(data, backbone, seed=seed, budget=given.budget))
        with given.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        print(
            f"{len(rows)} runs; " + ", ".join(f"{n} {kind}" for kind, n in claims(rows).items()), flush=True
        )


if __name__ == "__main__":
    main()
