"""Find representatives, outliers and near copies among clustered images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.exploration.grouping.choose import Grouping
from autotl.exploration.grouping.clustering import Ids, centres_of, cosines_to, k_means
from autotl.exploration.grouping.reduction import Matrix, sample_rows
from autotl.progress import report_progress
from autotl.quality import near_duplicates, outliers
from autotl.seeds import derive

SPREAD = 12
"""Representatives of images without clear clusters, spread by k-means."""
MAX_COMPARED = 10_000
"""Images whose copies are searched for at once; with 1,280 features they need 250 MB."""
SPREAD_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Findings:
    """Facts about each image, row by row.

    Attributes:
        distances: The cosine distance to the centre of the cluster, (n,).
        ranks: The rank in the cluster, from 1 for its best representative, (n,).
        outlier_scores: Robust standard deviations above the usual distance to the neighbours, (n,).
        outlier_rows: The rows that are outliers, the farthest first.
        near_copies: Sets of rows that show one image.
        compared: Images that were compared for near copies.
    """

    distances: NDArray[np.float32]
    ranks: Ids
    outlier_scores: NDArray[np.float64]
    outlier_rows: Ids
    near_copies: Sequence[tuple[int, ...]]
    compared: int

    def first_copies(self) -> dict[int, int]:
        """Return the first row of each near copy's set, by row."""
        return {row: rows[0] for rows in self.near_copies for row in rows[1:]}


def find_facts(
    grouping: Grouping,
    rows: Matrix,
    features: NDArray[np.floating],
    looks: NDArray[np.uint64],
    *,
    seed: int,
) -> Findings:
    """Find representatives, outliers and near copies.

    Args:
        grouping: The clusters.
        rows: The reduced features in the space of the clusters, (n, d).
        features: The features of the same backbone, (n, features), which may be memory-mapped.
        looks: The perceptual hashes, (n,).
        seed: The seed of the spread of representatives.
    """
    report_progress("searching outliers and near copies")
    centres = centres_of(rows, grouping.ids)
    distances = np.empty(len(rows), dtype=np.float32)
    inside = grouping.ids >= 0
    distances[inside] = 1 - (rows[inside] * centres[grouping.ids[inside]]).sum(axis=1)
    if not inside.all():
        distances[~inside] = 1 - cosines_to(rows[~inside], centres)
    found = outliers(rows, grouping.ids if grouping.method != "none" else None)
    copies, compared = _near_copies(features, looks, grouping.ids)
    later = {row for each in copies for row in each[1:]}
    order = _spread(rows, seed=seed) if grouping.method == "none" else np.empty(0, dtype=np.int64)
    return Findings(
        distances=np.maximum(distances, 0),
        ranks=_ranks(grouping.ids, distances, last=later, first=order),
        outlier_scores=found.scores,
        outlier_rows=found.rows,
        near_copies=copies,
        compared=compared,
    )


def _near_copies(
    features: NDArray[np.floating], looks: NDArray[np.uint64], ids: Ids
) -> tuple[list[tuple[int, ...]], int]:
    """Return sets of near copies, and the number of compared images.

    Many images are compared within their cluster only, because copies have nearly equal features.
    """
    if len(looks) <= MAX_COMPARED:
        return near_duplicates(looks, np.asarray(features), ids), len(looks)
    found: list[tuple[int, ...]] = []
    compared = 0
    for cluster in np.unique(ids):
        members = np.flatnonzero(ids == cluster)
        for start in range(0, len(members), MAX_COMPARED):
            part = members[start : start + MAX_COMPARED]
            compared += len(part)
            if len(part) < 2:
                continue
            groups = near_duplicates(looks[part], np.asarray(features[part]), ids[part])
            found += [tuple(int(part[row]) for row in group) for group in groups]
    return sorted(found), compared


def _ranks(ids: Ids, distances: NDArray[np.float32], *, last: set[int], first: Ids) -> Ids:
    """Return the rank of each row in its cluster, from 1.

    Args:
        ids: The clusters.
        distances: The distances to the centres.
        last: Rows that come after all others, such as copies.
        first: Rows that come before all others, in order.
    """
    late = np.isin(np.arange(len(ids)), list(last))
    early = np.full(len(ids), len(first))
    early[first] = np.arange(len(first))
    order = np.lexsort((distances, late, early, ids))
    ranks = np.empty(len(ids), dtype=np.int64)
    for cluster in np.unique(ids):
        own = order[ids[order] == cluster]
        ranks[own] = np.arange(1, len(own) + 1)
    return ranks


def _spread(rows: Matrix, *, seed: int) -> Ids:
    """Return rows that are spread over all images, the most typical first."""
    chosen = sample_rows(len(rows), SPREAD_ROWS, seed=derive(seed, "spread"))
    sample = rows[chosen]
    if not sample.any():
        return chosen[:1]
    ids = k_means(sample, min(SPREAD, len(sample)), seed=derive(seed, "spread") % 2**31)
    cosines = sample @ centres_of(sample, ids).T
    found: Ids = chosen[np.unique(cosines.argmax(axis=0))]
    return found
