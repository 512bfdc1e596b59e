"""Rows of a suite that pass every check, and a correction of a wrong prediction."""

from __future__ import annotations

from typing import Any

import numpy as np

from autotl import bench
from autotl.bench import split as splits
from autotl.leaderboard import Row

Honest = tuple[bench.Suite, list[Row]]
POOL = [(f"{i:05d}", "abcd"[i % 4], None) for i in range(4000)]


def row_of(suite: bench.Suite, dataset: str, seed: int, entrant: str, split: splits.Split) -> Row:
    rng = np.random.default_rng([seed, *dataset.encode(), *entrant.encode()])
    logits = rng.normal(size=(split.count("test"), 4)).astype(np.float32)
    logits[np.arange(len(logits)), split.labels] += 1
    trials = tuple({"params": {"lr": 10.0**-i}, "val": 0.5 - 0.01 * i} for i in range(4))
    return Row(
        suite=suite.name,
        dataset=dataset,
        shots=5,
        backbone="tiny",
        entrant=entrant,
        kind="peer" if entrant == "guess" else "strategy",
        family="frozen",
        seed=seed,
        budget_seconds=2.0,
        status="ok",
        error="",
        plugin="autotl" if entrant == "finetune" else f"{entrant}-plugin",
        revision="files:0" if entrant == "probe" else "",
        version="0.1.0",
        split=split.hash,
        n_train=split.count("train"),
        n_test=split.count("test"),
        n_classes=4,
        image_side=32,
        likeness=0.5,
        metric="accuracy",
        val=0.5,
        test=float((logits.argmax(1) == split.labels).mean()),
        params={"lr": 1.0},
        image_size=0,
        trials=trials,
        chosen=0,
        seconds=3.0,
        flops=1e6,
        peak_memory_mb=100.0,
        machine="a machine",
        threads=1,
        device="cpu",
        versions={"python": "3.11"},
        command="python",
        created="2026-01-01T00:00:00+00:00",
        notes=(),
        logits=logits,
    ).sealed()


def corrected(row: Row, labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the logits with one wrong prediction corrected."""
    assert row.logits is not None
    logits = row.logits.copy()
    wrong = int(np.flatnonzero(logits.argmax(1) != labels)[0])
    logits[wrong, labels[wrong]] = 99
    return logits


LABELS = splits.make(POOL, shots=200, seed=0).labels
