"""Compare ``autotl fit`` with scikit-learn's logistic regression on timm's features of the same images.

    python benchmarks/first_look.py --backbone mobilenetv2_100.in1k --budget 2m --out results.csv DATA.zip …

Each data set must have folders ``train`` and ``test``, and gives a row: autotl's choice and score, the test
accuracy of each arm, the wall time of the command, and the accuracy of the baseline. The baseline uses the
image size of the backbone. Its C is chosen by 5-fold cross-validation on the training images.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import timm
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def baseline(data: Path, backbone: str) -> float:
    """Return the test accuracy of logistic regression on the pooled features of the frozen backbone."""
    model = timm.create_model(f"local-dir:{backbone}", pretrained=True, num_classes=0).eval()
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    parts: dict[str, tuple[list[np.ndarray], list[str]]] = {"train": ([], []), "test": ([], [])}
    with zipfile.ZipFile(data) as archive, torch.inference_mode():
        for name in sorted(archive.namelist()):
            part, *rest = name.split("/")
            if part in parts and len(rest) == 2 and rest[1]:
                image = Image.open(io.BytesIO(archive.read(name))).convert("RGB")
                parts[part][0].append(model(transform(image)[None])[0].numpy())
                parts[part][1].append(rest[0])
    grid = {"logisticregression__C": [1e-4, 1e-3, 1e-2, 1e-1, 1.0]}
    search = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)), grid, cv=5)
    search.fit(np.stack(parts["train"][0]), parts["train"][1])
    return float(search.score(np.stack(parts["test"][0]), parts["test"][1]))


def ours(data: Path, backbone: str, budget: str, seed: int) -> dict[str, object]:
    """Run ``autotl fit``, and return its result and its time.

    Args:
        data: The data set.
        backbone: Folder of the backbone.
        budget: The budget.
        seed: The seed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        arguments = ["fit", str(data), "--backbone", backbone, "--budget", budget, "--seed", str(seed)]
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "autotl", *arguments, "--out", str(out), "--quiet"], check=True)
        wall = time.monotonic() - started
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    gain = report["when"]["transfer_gain"] or {"value": None, "ci95": [None, None]}
    row: dict[str, object] = {
        "data": data.stem,
        "split": report["split"]["hash"][:12],
        "chosen": report["verdict"]["strategy"],
        "test": report["test"]["value"],
        "low": report["test"]["ci95"][0],
        "high": report["test"]["ci95"][1],
        "n_test": report["test"]["n"],
        "transfer": report["verdict"]["transfer"],
        "gain": gain["value"],
        "gain_low": gain["ci95"][0],
        "gain_high": gain["ci95"][1],
        "wall_seconds": round(wall, 1),
        "run_seconds": round(report["cost"]["seconds"], 1),
        "trials": report["search"]["trials"],
    }
    row |= {f"test_{arm['strategy']}": arm["test"] for arm in report["arms"]}
    return row


def main() -> None:
    """Run all data sets, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--backbone", required=True, help="a timm folder")
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    rows = []
    for data in args.data:
        row = ours(data, args.backbone, args.budget, args.seed)
        row["logistic_regression"] = baseline(data, args.backbone)
        rows.append(row)
        pd.DataFrame(rows).round(4).to_csv(args.out, index=False)
        print(pd.DataFrame(rows[-1:]).round(3).to_string(), flush=True)


if __name__ == "__main__":
    main()
