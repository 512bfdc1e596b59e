"""Calibrate a distance between features to a similarity in [0, 1]."""

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

MAX_ROWS = 400  # distances from few rows are biased, so all are measured on equally many rows
MIN_ROWS = 4
OWN_SUBSETS = 8  # of the source's own sample
MIN_REFERENCE_RATIO = 4  # of a reference's images to its sample: the sample then hardly affects the reference
INTERVAL = (0.025, 0.975)

Rows = NDArray[np.float64]


@runtime_checkable
class SubsetSimilarity(Protocol):
    """A similarity that measures many subsets at once."""

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """Return the distances of several subsets of the rows.

        They equal those of :meth:`~autotl.api.Similarity.distance`.

        Args:
            features: Features of the target, (n, d).
            source: The source.
            subsets: The rows of each subset.
        """
        ...


def calibrated_similarity(
    rows: Rows,
    reference: Reference,
    noise_rows: Rows,
    measure: Similarity,
    *,
    seed: int,
    resamples: int = 100,
) -> Likeness:
    """Measure how similar a target is to a source.

    The square root of the distance is rescaled. The distance of as many source images becomes 1, and that of
    as many noise images becomes 0. The interval comes from random halves of the rows.

    Args:
        rows: Features of target images, (n, d); at most 400 are used.
        reference: The statistics of the source images.
        noise_rows: Features of noise images, (m, d).
        measure: The distance.
        seed: The seed of the samples.
        resamples: The number of random halves.

    Raises:
        DataError: There are fewer than four images of a kind.
    """
    for kind, found in (("target", rows), ("noise", noise_rows), ("source", reference.sample)):
        if len(found) < MIN_ROWS:
            raise DataError(
                f"A similarity needs {MIN_ROWS} {kind} images or more (got {len(found)}). Give more images."
            )
    rng = np.random.default_rng(derive(seed, "likeness"))
    source, own = _split_reference(reference, rng)
    size = min(len(rows), len(noise_rows), len(own), MAX_ROWS)
    rows, noise = _sample(rows, size, rng), _sample(noise_rows, size, rng)
    whole = np.arange(size)

    value, *of_halves = _distances(measure, rows, source, [whole, *random_halves(size, resamples, rng)])
    noise_distance = signed_root(_distances(measure, noise, source, [whole])[0])
    own_distance = _own_distance(measure, own, source, size, rng)

    distance = signed_root(value)
    halves = np.array([signed_root(each) for each in of_halves])
    # The distances of half as many rows are larger on average: only their spread is used.
    resampled = distance + halves - halves.mean() if len(halves) else np.array([distance])
    low, high = (float(np.quantile(resampled, q)) for q in INTERVAL)
    return Likeness(
        value=measure.distance(rows, reference),
        calibrated=calibrate(distance, own_distance, noise_distance),
        ci95=(
            calibrate(high, own_distance, noise_distance),
            calibrate(low, own_distance, noise_distance),
        ),
        reference=reference.origin,
        p=measure.p_value(rows, source) if isinstance(measure, SimilarityWithTest) else None,
    )


def random_halves(size: int, count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Draw random halves, to estimate the spread of a measurement.

    Halves without replacement vary as much as bootstrap resamples of the whole, but repeat no row. Repeated
    rows would look like a narrower target.

    Args:
        size: The number of rows.
        count: The number of halves.
        rng: The random generator.
    """
    return [np.sort(rng.permutation(size)[: size // 2]) for _ in range(count)]


def signed_root(distance: float) -> float:
    """Return the square root with the sign kept.

    Unbiased estimates may be negative.
    """
    return math.copysign(math.sqrt(abs(distance)), distance)


def calibrate(distance: float, own_distance: float, noise_distance: float) -> float:
    """Map a distance to a similarity in [0, 1].

    Args:
        distance: The distance of the target.
        own_distance: The distance of the source's own images.
        noise_distance: The distance of noise images.
    """
    if noise_distance <= own_distance:  # the measure does not distinguish noise from the source
        return float(distance <= own_distance)
    return float(min(max(1 - (distance - own_distance) / (noise_distance - own_distance), 0.0), 1.0))


def _split_reference(reference: Reference, rng: np.random.Generator) -> tuple[Reference, Rows]:
    """Return a reference, and source rows independent of it."""
    sample = reference.sample
    order = rng.permutation(len(sample))
    own, other = sample[order[: len(sample) // 2]], sample[order[len(sample) // 2 :]]
    if reference.origin == "batchnorm" or reference.n >= MIN_REFERENCE_RATIO * len(sample):
        return replace(reference, sample=other), own
    return build_reference(other, input_size=reference.input_size), own


def _own_distance(
    measure: Similarity, own: Rows, source: Reference, size: int, rng: np.random.Generator
) -> float:
    """Return the mean root distance of the source's own rows."""
    count = OWN_SUBSETS if size < len(own) else 1
    subsets = [np.sort(rng.permutation(len(own))[:size]) for _ in range(count)]
    return float(np.mean([signed_root(each) for each in _distances(measure, own, source, subsets)]))


def _distances(
    measure: Similarity, rows: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
) -> list[float]:
    if isinstance(measure, SubsetSimilarity):
        return measure.distances(rows, source, subsets)
    return [measure.distance(rows[chosen], source) for chosen in subsets]


def _sample(rows: Rows, size: int, rng: np.random.Generator) -> Rows:
    return np.asarray(rows[np.sort(rng.permutation(len(rows))[:size])], dtype=np.float64)
