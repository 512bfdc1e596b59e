"""Turn a distance between features into a likeness: 1 for images like the source's own, 0 for noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from autotl.api import Likeness, Reference, Similarity, SimilarityWithTest
from autotl.backbone.reference.statistics import build_reference
from autotl.errors import DataError
from autotl.seeds import derive

MOST = 400  # rows compared at once: distances from few rows are biased, so all are taken from equally many
SUBSETS = 8  # of the source's own sample
PLENTY = 4  # times the sample: a reference of so many images is not moved by the sample's own

Rows = NDArray[np.float64]


@runtime_checkable
class SubsetSimilarity(Protocol):
    """A similarity that can measure many subsets of the same rows in one go, and gives the same distances."""

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]: ...


def likeness(
    rows: Rows,
    reference: Reference,
    noise_rows: Rows,
    measure: Similarity,
    *,
    seed: int,
    resamples: int = 100,
) -> Likeness:
    """How like the source the target's ``rows`` (n, d) are, by ``measure``, and how sure that is.

    ``noise_rows`` are the same features of noise images. The target is placed, on the square root of the
    distance, between what equally many of the source's own images measure and what equally many noise images
    do. The interval comes from random halves of the rows. At most 400 rows are looked at.
    """
    for what, found in (("target", rows), ("noise", noise_rows), ("source", reference.sample)):
        if len(found) < 4:
            raise DataError(f"A likeness needs at least 4 {what} images, but {len(found)} were given.")
    rng = np.random.default_rng(derive(seed, "likeness"))
    ruler, own = _ruler(reference, rng)
    size = min(len(rows), len(noise_rows), len(own), MOST)
    rows, noise = _some(rows, size, rng), _some(noise_rows, size, rng)
    whole = np.arange(size)

    halves = halves_of(size, resamples, rng)
    value, *spread = _distances(measure, rows, ruler, [whole, *halves])
    far = root(_distances(measure, noise, ruler, [whole])[0])
    near = _own_distance(measure, own, ruler, size, rng)

    at = root(value)
    half = np.array([root(each) for each in spread])
    # Half as many rows measure farther on the whole: only how they scatter is wanted.
    moved = at + half - half.mean() if len(half) else np.array([at])
    low, high = (float(np.quantile(moved, q)) for q in (0.025, 0.975))
    ends = [between(each, near, far) for each in (high, low)]
    return Likeness(
        value=measure.distance(rows, reference),
        calibrated=between(at, near, far),
        ci95=(ends[0], ends[1]),
        reference=reference.origin,
        p=measure.p_value(rows, ruler) if isinstance(measure, SimilarityWithTest) else None,
    )


def _ruler(reference: Reference, rng: np.random.Generator) -> tuple[Reference, Rows]:
    """What to measure against, and source rows that it does not owe its shape to."""
    sample = reference.sample
    order = rng.permutation(len(sample))
    own, other = sample[order[: len(sample) // 2]], sample[order[len(sample) // 2 :]]
    if reference.origin == "batchnorm" or reference.n >= PLENTY * len(sample):
        return replace(reference, sample=other), own  # rows measured against themselves would be too near
    return build_reference(other, side=reference.side), own


def _own_distance(
    measure: Similarity, own: Rows, ruler: Reference, size: int, rng: np.random.Generator
) -> float:
    """The mean root distance of random subsets of the source's own rows."""
    subsets = [np.sort(rng.permutation(len(own))[:size]) for _ in range(SUBSETS if size < len(own) else 1)]
    return float(np.mean([root(each) for each in _distances(measure, own, ruler, subsets)]))


def _distances(
    measure: Similarity, rows: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
) -> list[float]:
    if isinstance(measure, SubsetSimilarity):
        return measure.distances(rows, source, subsets)
    return [measure.distance(rows[chosen], source) for chosen in subsets]


def halves_of(size: int, count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Random halves of so many rows, to see how a measurement scatters.

    Drawn without replacement they spread as much as resamples of the whole do, and hold no row twice: the
    doubles of a bootstrap would look like a narrower target.
    """
    return [np.sort(rng.permutation(size)[: size // 2]) for _ in range(count)]


def _some(rows: Rows, size: int, rng: np.random.Generator) -> Rows:
    return np.asarray(rows[np.sort(rng.permutation(len(rows))[:size])], dtype=np.float64)


def root(distance: float) -> float:
    """The square root, its sign kept: an unbiased estimate of a squared distance may be negative."""
    return math.copysign(math.sqrt(abs(distance)), distance)


def between(at: float, near: float, far: float) -> float:
    """Where ``at`` lies on the way from far (0) to near (1)."""
    if far <= near:  # the measure cannot tell noise from the source
        return float(at <= near)
    return float(min(max(1 - (at - near) / (far - near), 0.0), 1.0))
