"""How much of the best score is luck: the best of many was found on the images that score it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.pivot import SINGLE, Floats, Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.seeds import derive

Labels = NDArray[np.int64]
RESAMPLES = 1000


def luck(laid: Grid, labels: Mapping[str, Labels], *, seed: int = 0) -> float | None:
    """How much too high the best single strategy's accuracy is, a mean over cases; None where no block tells.

    ``labels`` are the true classes of the test images by the hash of their split. Only images are drawn
    again: that training the same twice gives two scores is not in it.
    """
    values = np.full((len(laid.blocks), 1), np.nan)
    for block, line in enumerate(laid.rows):
        single = [row for row in line if row is not None and row.kind in SINGLE and has_score(row)]
        if (hits := _hits(single, labels)) is not None:
            values[block] = too_high(hits, seed=derive(seed, "luck", block))
    return bootstrap.case_means(laid.blocks, values)[0]


def too_high(hits: NDArray[np.bool_], *, seed: int, resamples: int = RESAMPLES) -> float:
    """How much the highest mean of ``hits`` (entrants, images) is expected to exceed what it stands for.

    The optimism of choosing by a sample (Efron, JASA 78, 1983): on resampled images, the score of the best
    there less what that same entrant scores on the images that were drawn from. The entrants see the same
    images, so what is hard for one is hard for all.
    """
    images = hits.shape[1]
    drawn = np.random.default_rng(seed).multinomial(images, np.full(images, 1 / images), size=resamples)
    there: Floats = drawn @ hits.T.astype(np.float64) / images  # (resamples, entrants)
    best = there.argmax(axis=1)
    return float((there[np.arange(resamples), best] - hits.mean(axis=1)[best]).mean())


def _hits(rows: Sequence[Row], labels: Mapping[str, Labels]) -> NDArray[np.bool_] | None:
    """Which images each row has right (rows, images); None where that cannot be said."""
    known = labels.get(rows[0].split) if rows else None
    if known is None or any(row.metric != "accuracy" or row.logits is None for row in rows):
        return None
    hits = np.array([row.logits.argmax(axis=1) == known for row in rows if row.logits is not None])
    told = [row.test for row in rows if row.test is not None]
    same = all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(hits.mean(axis=1), told, strict=True))
    return hits if same else None
