"""Compare the accuracy with K cached augmented views per image and with a new view in every epoch.

python -m benchmarks.speed.views DATA.zip BACKBONE --frozen 5 --seeds 3
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from autotl.backbone import freeze
from autotl.data import render, view_of
from autotl.pipeline.prepare import Prepared
from autotl.training import Recipe, Training, forward_in_batches, keep_freed_memory
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.trial_workbench import TrialWorkbench
from benchmarks.speed.loops.images import prepared

VIEWS = (1, 2, 4, 8, None)
"""Numbers of views; None: no cache, and a new view in every epoch."""


def measure(
    data: Path, backbone: str, *, input_size: int = 128, frozen: int = 5, epochs: int = 24, seeds: int = 3
) -> dict[str, Any]:
    """Return test accuracy and seconds by number of views.

    Args:
        data: The data set.
        backbone: A timm folder.
        input_size: Image size in pixels.
        frozen: Number of frozen stages.
        epochs: Number of epochs.
        seeds: Number of seeds.
    """
    run = prepared(data, backbone, input_size)
    found: dict[str, list[dict[str, float]]] = {}
    for seed in range(seeds):
        for views in VIEWS:
            recipe = Recipe(input_size=input_size, epochs=epochs, lr=1e-3, augment="mirror", views=views or 1)
            row = _train(run, recipe, frozen=frozen, cached=views is not None, seed=seed)
            key = "a new one each epoch" if views is None else str(views)
            found.setdefault(key, []).append(row)
            print(seed, key, round(row["accuracy"], 4), round(row["seconds"], 1), flush=True)
    table = [
        {
            "views": key,
            "accuracy": mean(each["accuracy"] for each in rows),
            "accuracies": [each["accuracy"] for each in rows],
            "seconds": mean(each["seconds"] for each in rows),
        }
        for key, rows in found.items()
    ]
    return {
        "data": data.stem,
        "backbone": next(iter(run.backbones)),
        "frozen": frozen,
        "epochs": epochs,
        "n": len(run.splits.test),
        "rows": table,
    }


def _train(run: Prepared, recipe: Recipe, *, frozen: int, cached: bool, seed: int) -> dict[str, float]:
    """Train once, and return test accuracy and seconds."""
    backbone = next(iter(run.backbones.values()))
    activations = ActivationCache(run.run_cache, enabled=cached)
    bench = TrialWorkbench(run.run_cache, run.task, backbone, None, seed=seed, activations=activations)
    model = bench.model()
    train_mode = freeze(model, frozen, norm="batch")
    learner = Training(model, bench, recipe, train_mode=train_mode, frozen=frozen)
    started = time.perf_counter()
    for _ in learner.fit():
        pass
    seconds = time.perf_counter() - started
    rows = run.splits.test
    images = torch.from_numpy(
        render(run.dataset, rows, view_of(backbone.config, input_size=recipe.input_size))
    )
    labels = run.dataset.targets[rows]
    logits = forward_in_batches(bench.result.model, images, to_batch=bench.to_batch, device=bench.device)
    return {"accuracy": float((logits.argmax(1).numpy() == labels).mean()), "seconds": seconds}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("backbone")
    parser.add_argument("--frozen", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    with keep_freed_memory():
        options = {"frozen": given.frozen, "epochs": given.epochs, "seeds": given.seeds}
        print(json.dumps(measure(given.data, given.backbone, **options), indent=2))


if __name__ == "__main__":
    main()
