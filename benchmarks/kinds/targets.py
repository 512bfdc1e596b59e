"""Measure runs on several labels and on numbers, made from images with classes.

    python -m benchmarks.kinds.targets ZIPS --out benchmarks/results/targets.csv --seeds 0 1 2

Three data sets are made from public ones. Collages of two and three photographs have several labels. The
angle of turned flowers and the mean brightness of textures are numbers. Each data set and seed is run by the
command line, and gives a row with these columns among others:

- ``test:NAME``: the test score of each strategy, and ``gain``, that of transfer over the best baseline;
- ``coverage`` and ``width`` of the prediction intervals, measured on the test part;
- ``timm_difference``: the largest difference between timm's answers and ``autotl predict``.

Nothing else may run on the machine. Rows are appended after each run, and known rows are not run again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import autotl
from autotl.api import Columns
from autotl.bench.generated.from_files import MAKERS, make_table
from autotl.data import read
from autotl.plugins import load
from autotl.targets import TARGET_NAMES

KEY = ["case", "budget", "seed"]
BATCH = 32
"""Images that timm's network answers at once."""


@dataclass(frozen=True, slots=True)
class Case:
    """A data set with another target than one class.

    Attributes:
        data: Name of the data set whose images are changed.
        maker: How they are changed, as :data:`autotl.bench.generated.from_files.MAKERS` names it.
    """

    data: str
    maker: str

    @property
    def name(self) -> str:
        """The name in the file of rows."""
        return f"{self.data}-{self.maker}"


CASES = (Case("pacs_photo", "collages"), Case("flowers5", "rotations"), Case("textures10", "brightness"))


def main(arguments: list[str] | None = None) -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("zips", type=Path, help="the folder of the zips")
    parser.add_argument("--cases", nargs="+", default=[case.name for case in CASES])
    parser.add_argument("--budgets", nargs="+", type=float, default=[120.0])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--backbone", default="efficientnet_lite0", help="a name, or a folder of weights")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = pd.read_csv(given.out).to_dict("records") if given.out.exists() else []
    chosen = [case for case in CASES if case.name in given.cases]
    with tempfile.TemporaryDirectory(prefix="targets-") as folder:
        for seed, budget, case in itertools.product(given.seeds, given.budgets, chosen):
            key = dict(zip(KEY, (case.name, budget, seed), strict=True))
            if any(all(row[name] == value for name, value in key.items()) for row in rows):
                continue
            try:
                rows.append(key | run(case, given, Path(folder), budget=budget, seed=seed))
            except subprocess.CalledProcessError as error:
                print(f"{key}: {error}", file=sys.stderr)
                continue
            pd.DataFrame(rows).round(6).to_csv(given.out, index=False)
            print(rows[-1]["sentence"], flush=True)
    print(pd.DataFrame(rows).drop(columns="sentence", errors="ignore").round(3).to_string(index=False))


def run(case: Case, given: argparse.Namespace, folder: Path, *, budget: float, seed: int) -> dict[str, Any]:
    """Run ``autotl fit`` once, and return the columns of its row.

    Args:
        case: The case.
        given: The zips and the backbone.
        folder: Folder for the files of the run.
        budget: The budget in seconds.
        seed: The seed of the images and of the run.
    """
    table, maker = table_of(case, given.zips, folder, seed=seed), MAKERS[case.maker]
    out = folder / f"run-{time.monotonic_ns()}"
    target = next(name for name, kind in TARGET_NAMES.items() if kind == maker.target)
    command = [sys.executable, "-m", "autotl", "fit", str(table), "--label", maker.label, "--target", target]
    command += ["--budget", f"{budget}s", "--seed", str(seed), "--backbone", str(given.backbone)]
    started = time.monotonic()
    subprocess.run([*command, "--no-experience", "--quiet", "--out", str(out)], check=True)
    seconds = time.monotonic() - started
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    rows = pd.read_csv(table)
    tested = [str(table.parent / name) for name in rows[rows["part"] == "test"]["image"]]
    return columns_of(report) | {"timm_difference": timm_difference(out, report, tested), "seconds": seconds}


def table_of(case: Case, zips: Path, folder: Path, *, seed: int) -> Path:
    """Return the table of a case; it is made the first time.

    Args:
        case: The case.
        zips: Folder of the zips.
        folder: Folder for the images.
        seed: The seed of the images.
    """
    out = folder / f"{case.name}-{seed}"
    if (known := out / "table.csv").is_file():
        return known
    columns = Columns(target="single_label")
    dataset = read(zips / f"{case.data}.zip", readers=load().readers.items, columns=columns)
    return make_table(case.maker, dataset, out, seed=seed, settings={})


def columns_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a row from a report; those of strategies are named ``test:NAME``."""
    gain = report["when"]["transfer_gain"] or {"value": None, "ci95": (None, None), "p": None}
    numbers = report["test"]["per_column"]
    tests = {f"test:{arm['strategy']}": arm["test"] for arm in report["arms"] if arm["test"] is not None}
    return {
        "n_train": report["when"]["n_train"],
        "n_test": report["test"]["n"],
        "metric": report["test"]["metric"],
        "test": report["test"]["value"],
        "constant": report["test"]["always_majority"],
        "chosen": report["verdict"]["strategy"],
        **tests,
        "gain": gain["value"],
        "low": gain["ci95"][0],
        "high": gain["ci95"][1],
        "p": gain["p"],
        "baseline": gain.get("baseline"),
        "transfer": report["verdict"]["transfer"],
        "expected_coverage": report["test"]["expected_coverage"],
        "coverage": numbers[0]["coverage"] if numbers else None,
        "width": numbers[0]["width"] if numbers else None,
        "backbone": report["verdict"]["backbone"],
        "trials": report["search"]["trials"],
        "sentence": report["verdict"]["sentence"],
    }


def timm_difference(run: Path, report: Mapping[str, Any], images: Sequence[str]) -> float | None:
    """Return the largest difference between timm's answers and ``autotl predict``.

    It is None if timm alone cannot open the whole network, because of an ensemble or a head that is not
    linear.

    Args:
        run: The run folder.
        report: Its report.
        images: The images to answer.
    """
    if report["what"]["heads"] or (report["how"]["ensemble"] or {}).get("kept"):
        return None
    labels, names = report["target"]["kind"] == "multi_label", report["target"]["names"]
    columns = [f"p:{name}" for name in names] if labels else names
    ours = autotl.load(run).predict(list(images), probabilities=labels)
    theirs = timm_outputs(run / "model", images)
    answers = 1 / (1 + np.exp(-theirs)) if labels else theirs
    return float(np.abs(ours[columns].to_numpy() - answers).max())


def timm_outputs(folder: Path, images: Sequence[str]) -> np.ndarray:
    """Return the outputs (n, k) of a model folder by timm alone."""
    import timm
    import torch
    from PIL import Image

    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    view: Any = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    found = []
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            part = [view(Image.open(path).convert("RGB")) for path in images[start : start + BATCH]]
            found.append(model(torch.stack(part)).numpy())
    return np.concatenate(found).astype(np.float64)


if __name__ == "__main__":
    main()
