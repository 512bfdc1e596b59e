"""What keeping K augmented views of each image costs in accuracy, against a new view in every epoch.

python -m benchmarks.speed.views DATA.zip BACKBONE --frozen 5 --seeds 3
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch

from autotl.backbone import freeze
from autotl.data import render, view_of
from autotl.training import Recipe, Training, forward_in_batches, keep_freed_memory
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.trial_workbench import TrialWorkbench
from benchmarks.speed.images import prepared

VIEWS = (1, 2, 4, 8, None)  # None: no store, every epoch draws its own


def measure(
    data: Path, backbone: str, *, side: int = 128, frozen: int = 5, epochs: int = 24, seeds: int = 3
) -> dict[str, Any]:
    """Test accuracy and seconds of a training at one depth, a row per K; seeds run by turns."""
    ready = prepared(data, backbone, side)
    name, facts = next(iter(ready.backbones.items()))
    rows = ready.splits.test
    shown = torch.from_numpy(render(ready.dataset, rows, view_of(facts.config, side=side)))
    labels = ready.dataset.table["label"].to_numpy(dtype=np.int64)[rows]
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        for views in VIEWS:
            kept = ActivationCache(ready.materials, enabled=views is not None)
            bench = TrialWorkbench(ready.materials, ready.task, facts, None, seed=seed, activations=kept)
            model = bench.model()
            recipe = Recipe(side=side, epochs=epochs, lr=1e-3, augment="mirror", views=views or 1)
            train_mode = freeze(model, frozen, norm="batch")
            learner = Training(model, bench, recipe, train_mode=train_mode, frozen=frozen)
            started = time.perf_counter()
            for _ in learner.fit():
                pass
            seconds = time.perf_counter() - started
            logits = forward_in_batches(
                learner.module(), shown, normalise=bench.normalise, device=bench.device
            )
            accuracy = float((logits.argmax(1).numpy() == labels).mean())
            key = "a new one each epoch" if views is None else str(views)
            found.setdefault(key, []).append({"accuracy": accuracy, "seconds": seconds})
            print(seed, key, round(accuracy, 4), round(seconds, 1), flush=True)
    table = [
        {
            "views": key,
            "accuracy": mean(each["accuracy"] for each in runs),
            "accuracies": [each["accuracy"] for each in runs],
            "seconds": mean(each["seconds"] for each in runs),
        }
        for key, runs in found.items()
    ]
    return {
        "data": data.stem,
        "backbone": name,
        "frozen": frozen,
        "epochs": epochs,
        "n": len(rows),
        "rows": table,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("backbone")
    parser.add_argument("--frozen", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    with keep_freed_memory():
        how = {"frozen": given.frozen, "epochs": given.epochs, "seeds": given.seeds}
        print(json.dumps(measure(given.data, given.backbone, **how), indent=2))


if __name__ == "__main__":
    main()
