"""Create synthetic result rows: single ones, and a whole suite with plausible numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autotl.leaderboard import Row


def a_row(entrant: str = "finetune", test: float | None = 0.5, **changes: Any) -> Row:
    """Return a row; it is a failure if ``test`` is None."""
    failed = test is None
    values: dict[str, Any] = {
        "suite": "small",
        "dataset": "flowers",
        "shots": 0,
        "backbone": "tiny",
        "entrant": entrant,
        "kind": "autotl" if entrant == "autotl" else "default" if "@" in entrant else "strategy",
        "family": "fine-tuned",
        "seed": 0,
        "budget_seconds": 60.0,
        "status": "failed" if failed else "ok",
        "error": "RuntimeError: out of memory" if failed else "",
        "plugin": "autotl",
        "version": "0.1.0",
        "split": "b2:0" if not failed else "",
        "n_train": 500,
        "n_test": 100,
        "n_classes": 5,
        "image_side": 64,
        "likeness": 0.5,
        "metric": "accuracy",
        "val": test,
        "test": test,
        "params": {"rate": 0.001},
        "trials": ({"rate": 0.001, "score": test},) if not failed else (),
        "chosen": None if failed else 0,
        "seconds": 30.0,
        "flops": None if failed else 1e6,
        "peak_memory_mb": 300.0,
        "machine": "4 cores",
        "threads": 1,
        "device": "cpu",
        "versions": {"autotl": "0.1.0", "torch": "2.11"},
        "command": "autotl bench small",
        "created": "2025-11-20T10:00:00+00:00",
        "notes": (),
        "logits": None,
    }
    return Row(**(values | changes)).sealed()


DATASETS = {  # training images, likeness, classes
    "flowers5": (150, 0.78, 5),
    "pets37": (3_680, 0.91, 37),
    "eurosat": (21_600, 0.22, 10),
    "histology": (760, 0.12, 8),
    "sketches": (2_400, 0.41, 20),
    "textures": (940, None, 47),
}
ENTRANTS = {  # family, skill, effect of size, effect of likeness, seconds
    "direct": ("as is", 0.45, 0.00, 0.40, 3.0),
    "finetune": ("fine-tuned", 0.86, 0.40, 0.04, 55.0),
    "finetune@default": ("fine-tuned", 0.83, 0.44, 0.06, 21.0),
    "from_scratch": ("scratch", 0.83, 0.90, -0.05, 57.0),
    "linear_probe": ("frozen", 0.80, 0.04, 0.22, 12.0),
    "linear_probe@default": ("frozen", 0.79, 0.04, 0.22, 4.0),
    "ludwig": ("fine-tuned", 0.80, 0.30, 0.07, 71.0),
}


def a_suite() -> list[Row]:
    """Return rows of six data sets, two seeds and eight entrants on one backbone.

    Frozen features win with few images similar to the source, training from scratch with many dissimilar
    ones. A peer fails on the largest data set, and has no likeness.
    """
    rng = np.random.default_rng(7)
    rows = []
    for dataset, (n_train, likeness, classes) in DATASETS.items():
        few, far = 1 - np.log10(n_train) / 4.5, 1 - (0.5 if likeness is None else likeness)
        due = {name: skill - data * few - like * far for name, (_, skill, data, like, _) in ENTRANTS.items()}
        best = max(due, key=lambda name: due[name])
        for seed in (0, 1):
            level = rng.normal(0, 0.02)
            for entrant in ("autotl", *ENTRANTS):
                family, *_, seconds = ENTRANTS[best if entrant == "autotl" else entrant]
                score = due[best if entrant == "autotl" else entrant] + level + rng.normal(0, 0.012)
                failed = entrant == "ludwig" and dataset == "eurosat"
                rows.append(
                    a_row(
                        entrant,
                        None if failed else float(np.round(np.clip(score, 0.05, 0.99), 3)),
                        kind="peer" if entrant == "ludwig" else a_row(entrant).kind,
                        family=family,
                        dataset=dataset,
                        seed=seed,
                        split="" if failed else f"b2:{dataset}-{seed}",
                        n_train=0 if failed else n_train,
                        n_classes=classes,
                        likeness=None if entrant == "ludwig" else likeness,
                        backbone="mobilenetv2_100",
                        seconds=float((58.0 if entrant == "autotl" else seconds) * rng.uniform(0.9, 1.1)),
                    )
                )
    return rows


@pytest.fixture
def suite() -> list[Row]:
    return a_suite()


@pytest.fixture
def row() -> Any:
    return a_row
