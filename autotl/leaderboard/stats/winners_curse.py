"""Estimate the winner's curse.

It is the selection bias of the best score among many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import SINGLE_KINDS, Floats, Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.seeds import derive

Labels = NDArray[np.int64]
RESAMPLES = 1000


def selection_bias(grid: Grid, labels: Mapping[str, Labels], *, seed: int = 0) -> float | None:
    """Estimate the selection bias of the best single strategy's accuracy.

    Only the test images are resampled. The variation between two trainings is not included.

    Args:
        grid: The rows.
        labels: True labels of the test images by the hash of their split.
        seed: Seed of the bootstrap.

    Returns:
        The bias as a fraction, a mean over cases; None if it cannot be estimated.
    """
    values = np.full((len(grid.blocks), 1), np.nan)
    for block, line in enumerate(grid.rows):
        single = [row for row in line if row is not None and row.kind in SINGLE_KINDS and has_score(row)]
        if (correct := _correct(single, labels)) is not None:
            values[block] = expected_excess(correct, seed=derive(seed, "luck", block))
    return bootstrap.case_means(grid.blocks, values)[0]


def expected_excess(correct: NDArray[np.bool_], *, seed: int, resamples: int = RESAMPLES) -> float:
    """Return the expected excess of the highest mean over its true value.

    This is the optimism of a choice by a sample (Efron, JASA 78, 1983). It is the score of the best entrant
    on resampled images minus its score on the original images. All entrants share the images, so the
    dependence between their scores is included.

    Args:
        correct: Whether each answer is correct, (entrants, images).
        seed: Seed of the bootstrap.
        resamples: Number of resamples.
    """
    images = correct.shape[1]
    drawn = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    scores: Floats = drawn @ correct.T.astype(np.float64) / images  # (resamples, entrants)
    best = scores.argmax(axis=1)
    return float((scores[np.arange(resamples), best] - correct.mean(axis=1)[best]).mean())


def _correct(rows: Sequence[Row], labels: Mapping[str, Labels]) -> NDArray[np.bool_] | None:
    """Return whether each answer is correct, (rows, images); None if the labels do not give the scores."""
    known = labels.get(rows[0].split) if rows else None
    if known is None or any(row.metric != "accuracy" or row.logits is None for row in rows):
        return None
    correct = np.array([row.logits.argmax(axis=1) == known for row in rows if row.logits is not None])
    scores = [row.test for row in rows if row.test is not None]
    same = all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(correct.mean(axis=1), scores, strict=True))
    return correct if same else None
