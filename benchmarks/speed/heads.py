"""Compare all settings of a linear probe on all folds with one logistic regression of scikit-learn.

    python benchmarks/speed/heads.py [FEATURES.npz]

The file contains ``x`` (n, d) and ``y`` (n,). Without it, random features are drawn with decreasing variances
and positive values, like the pooled features of a network.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from autotl.api import HeadSetting
from autotl.training import fit_heads, keep_freed_memory

CS = np.logspace(-4, 1, 16)
GRIDS = {
    "16 C x standardise x balanced": [
        HeadSetting(float(c), s, b) for c in CS for s in (True, False) for b in (False, True)
    ],
    "64 C": [HeadSetting(float(c)) for c in np.logspace(-4, 1, 64)],
}
CHECKED_CS = (0.01, 0.1, 1.0)


def measure(rounds: int = 5, *, features: Path | None = None) -> dict[str, Any]:
    """Return the time of each grid relative to one fit (C = 1), and the excess loss of the heads.

    Args:
        rounds: Number of rounds.
        features: A file with features; None for random features.
    """
    x, y = _random_features() if features is None else _read(features)
    folds = [torch.from_numpy(a) for a, _ in StratifiedKFold(5, shuffle=True, random_state=0).split(x, y)]
    tensors = torch.from_numpy(x), torch.from_numpy(y)
    classes = int(y.max()) + 1
    scaled = (x - x.mean(0)) / x.std(0).clip(1e-6)
    rows = []
    with keep_freed_memory():
        for name, settings in GRIDS.items():
            ratios = []
            for _ in range(rounds):
                started = time.perf_counter()
                fit_heads(*tensors, classes=classes, settings=settings, folds=folds)
                grid = time.perf_counter() - started
                started = time.perf_counter()
                LogisticRegression(max_iter=10_000).fit(scaled, y)
                one = time.perf_counter() - started
                ratios.append(grid / one)
            rows.append(
                {
                    "settings": name,
                    "fits": len(settings) * len(folds),
                    "all / one fit": median(ratios),
                    "min": min(ratios),
                    "max": max(ratios),
                }
            )
            print(rows[-1], flush=True)
        excess = _excess(*tensors, classes, folds)
    return {"rows": rows, "n": len(x), "features": x.shape[1], "classes": classes, "largest excess": excess}


def _excess(x: torch.Tensor, y: torch.Tensor, classes: int, folds: list[torch.Tensor]) -> float:
    """Return the largest excess of a head's mean loss over that of scikit-learn with a small tolerance."""
    settings = [HeadSetting(c) for c in CHECKED_CS]
    found = fit_heads(x, y, classes=classes, settings=settings, folds=folds[:1])
    rows, labels = x[folds[0]].double(), y[folds[0]]
    mean, std = rows.mean(0), rows.std(0).clamp(min=1e-6)
    z = (rows - mean) / std
    worst = 0.0
    for position, c in enumerate(CHECKED_CS):
        weight = found.weight[0, position].double() * std
        bias = found.bias[0, position].double() + found.weight[0, position].double() @ mean
        best = LogisticRegression(C=c, max_iter=10_000, tol=1e-7).fit(z.numpy(), labels.numpy())
        loss = _objective(z, labels, weight, bias, c)
        smallest = _objective(z, labels, torch.from_numpy(best.coef_), torch.from_numpy(best.intercept_), c)
        worst = max(worst, loss - smallest)
    return worst


def _objective(
    z: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, c: float
) -> float:
    loss = F.cross_entropy(z @ weight.T + bias, labels)
    return float(loss + weight.square().sum() / (2 * c * len(z)))


def _random_features(
    n: int = 3000, d: int = 1280, classes: int = 43, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    spectrum = 1 / np.sqrt(1 + np.arange(d))
    inner = rng.normal(size=(classes, d))[y] * spectrum + rng.normal(size=(n, d)) * spectrum
    x = np.maximum(inner @ rng.normal(size=(d, d)) / np.sqrt(spectrum.sum()), 0)
    return x.astype(np.float32), y.astype(np.int64)


def _read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    arrays = np.load(file, allow_pickle=False)
    return arrays["x"].astype(np.float32), arrays["y"].astype(np.int64)


if __name__ == "__main__":
    print(json.dumps(measure(features=Path(sys.argv[1]) if len(sys.argv) > 1 else None), indent=2))
