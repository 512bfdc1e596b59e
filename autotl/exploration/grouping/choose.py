"""Choose the feature space, the number of clusters, and the method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from autotl.exploration.grouping.clustering import Ids, by_size, k_means
from autotl.exploration.grouping.density import Density, find_dense_clusters
from autotl.exploration.grouping.reduction import Matrix, unit_rows
from autotl.exploration.grouping.source_space import SourceComparison
from autotl.exploration.grouping.stability import (
    Stability,
    choose_number,
    measure_stability,
    numbers_to_try,
)
from autotl.exploration.grouping.turtle import Generalisation, generalisation, turtle_labels
from autotl.seeds import derive

MIN_CLUSTER_SHARE = 0.1
"""The smallest cluster of TURTLE, as a share of the mean size: it must not leave labels unused."""


@dataclass(frozen=True, slots=True)
class MarginLabels:
    """The comparison of TURTLE's labels with the clusters of k-means.

    TURTLE's labels are used if ``kept`` is true.
    """

    turtle: Generalisation
    k_means: Generalisation
    smallest: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Grouping:
    """The clusters of all rows, and the evidence for them.

    Attributes:
        ids: The cluster of each row, (n,), by falling size; -1 for rows in no cluster of HDBSCAN.
        method: "k-means", "HDBSCAN", "TURTLE" or "none".
        backbone: The backbone whose features are clustered.
        chosen: The stability at the chosen number of clusters; None if all features are equal.
        measured: The stability by backbone and number of clusters.
        density: The clusters of HDBSCAN; None if they were not searched for.
        margin: The comparison of TURTLE and k-means; None with a single backbone.
        fixed: Whether the user fixed the number of clusters.
        sources: The comparison with and without source images by backbone; empty without a source.
    """

    ids: Ids
    method: str
    backbone: str
    chosen: Stability | None
    measured: Mapping[str, Sequence[Stability]]
    density: Density | None = None
    margin: MarginLabels | None = None
    fixed: bool = False
    sources: Mapping[str, SourceComparison] = field(default_factory=dict)

    @property
    def k(self) -> int:
        """The number of clusters; 1 if there are no clear ones."""
        return int(self.ids.max()) + 1

    @property
    def is_clear(self) -> bool:
        """Whether the clusters are clear."""
        return self.method != "none" and self.chosen is not None and self.chosen.is_clear

    @property
    def source(self) -> SourceComparison | None:
        """The comparison with and without source images, if there are any."""
        return self.sources.get(self.backbone)

    @property
    def uses_source(self) -> bool:
        """Whether source images have changed the components that are clustered."""
        return self.source is not None and self.source.kept


def group_rows(
    spaces: Mapping[str, Matrix],
    *,
    clusters: int | None,
    max_clusters: int,
    seed: int,
    with_source: Mapping[str, Matrix] | None = None,
) -> Grouping:
    """Divide the images into clusters.

    The backbone and the number of clusters are those of the largest gain in stability. HDBSCAN replaces
    k-means if it is more stable. TURTLE does if classifiers learn its labels better. Components that source
    images have changed replace others of their backbone if the clusters are more stable with them.

    Args:
        spaces: Principal components of the same images by backbone, (n, d).
        clusters: The number of clusters; None to choose it.
        max_clusters: The largest number to try.
        seed: The seed of all random choices.
        with_source: The components that source images have changed, by backbone; None without a source.
    """
    n = len(next(iter(spaces.values())))
    usable = {name: rows for name, rows in spaces.items() if rows.any()}
    if not usable:
        return Grouping(np.zeros(n, dtype=np.int64), "none", next(iter(spaces)), None, {})
    numbers = numbers_to_try(n, max_clusters) if clusters is None else [clusters]
    usable, measured, sources = _measured(usable, with_source or {}, numbers, seed=seed)
    best = {name: choose_number(each) for name, each in measured.items()}
    backbone = max(best, key=lambda name: best[name].gain)
    chosen = best[backbone]
    density = find_dense_clusters(usable[backbone], seed=seed) if clusters is None else None
    if density is not None and density.replaces(chosen):
        return Grouping(
            density.ids, "HDBSCAN", backbone, density.stability, measured, density, sources=sources
        )
    if clusters is None and not chosen.is_clear:
        nothing = np.zeros(n, dtype=np.int64)
        return Grouping(nothing, "none", backbone, chosen, measured, density, sources=sources)
    units = {name: unit_rows(rows) for name, rows in usable.items()}
    ids, method, margin = (
        k_means(units[backbone], chosen.k, seed=derive(seed, "clusters") % 2**31),
        "k-means",
        None,
    )
    if len(usable) > 1:
        labels, margin = _compared(list(units.values()), ids, chosen.k, seed=seed)
        ids, method = (labels, "TURTLE") if margin.kept else (ids, method)
    fixed = clusters is not None
    return Grouping(by_size(ids), method, backbone, chosen, measured, density, margin, fixed, sources)


def _measured(
    spaces: Mapping[str, Matrix], with_source: Mapping[str, Matrix], numbers: Sequence[int], *, seed: int
) -> tuple[dict[str, Matrix], dict[str, list[Stability]], dict[str, SourceComparison]]:
    """Return the components to cluster, their stability, and the comparisons with and without the source.

    Args:
        spaces: The components without a source, by backbone.
        with_source: The components that source images have changed, by backbone.
        numbers: The numbers of clusters.
        seed: The seed of all random choices.
    """
    used = dict(spaces)
    measured = {name: measure_stability(rows, numbers, seed=seed) for name, rows in spaces.items()}
    compared = {}
    for name, rows in with_source.items():
        if name not in spaces or not rows.any():
            continue
        of_source = measure_stability(rows, numbers, seed=seed)
        compared[name] = SourceComparison(choose_number(of_source), choose_number(measured[name]))
        if compared[name].kept:
            used[name], measured[name] = rows, of_source
    return used, measured, compared


def _compared(spaces: Sequence[Matrix], ids: Ids, k: int, *, seed: int) -> tuple[Ids, MarginLabels]:
    """Return TURTLE's labels, and whether classifiers learn them better."""
    labels = turtle_labels(spaces, k, seed=seed)
    turtle, plain = (generalisation(spaces, each, seed=seed) for each in (labels, ids))
    smallest = int(np.bincount(labels, minlength=k).min())
    better = turtle.mean - plain.mean > turtle.error + plain.error
    kept = better and smallest >= MIN_CLUSTER_SHARE * len(ids) / k
    return labels, MarginLabels(turtle, plain, smallest, kept)
