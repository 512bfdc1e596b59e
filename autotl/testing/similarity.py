"""Check the contract of a similarity, for built-ins and plugins alike."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from autotl.api import Reference, Similarity
from autotl.backbone import build_reference, calibrated_similarity
from autotl.testing.check_failed import require

WIDTH = 12


class SimilarityChecks:
    """Conformance checks of :class:`autotl.api.Similarity`, to be subclassed.

    >>> from autotl.builtin.similarity.frechet import Frechet
    >>> class TestFrechet(SimilarityChecks):
    ...     similarity = Frechet()
    """

    similarity: Similarity

    def test_it_keeps_the_contract(self) -> None:
        assert isinstance(self.similarity, Similarity)
        assert self.similarity.name
        assert self.similarity.summary
        assert self.similarity.reference

    def test_it_gives_a_finite_number_from_two_rows_on(self) -> None:
        for n in (2, 3, WIDTH, 4 * WIDTH):
            found = self.similarity.distance(_rows(n, seed=n), _source())
            require(
                isinstance(found, float) and np.isfinite(found),
                f"{found!r} from {n} rows",
                "distance must return a finite float from two rows on",
                "Shrink the covariance if rows are few, and call float().",
            )

    def test_farther_features_are_farther(self) -> None:
        near, middle, far = (
            self.similarity.distance(_rows(60, seed=1) + shift, _source()) for shift in (0.0, 1.0, 3.0)
        )
        require(
            near < middle < far,
            f"{near:.4g}, {middle:.4g} and {far:.4g} at shifts of 0, 1 and 3",
            "Features that are farther from the source must have a larger distance",
            "Change the sign if it measures similarity, and compare with the source.",
        )

    def test_the_same_features_give_the_same_distance(self) -> None:
        rows = _rows(30, seed=2)
        again, found = (self.similarity.distance(rows.copy(), _source()) for _ in range(2))
        require(
            found == again,
            f"{again!r} and then {found!r}",
            "The same features must give the same distance",
            "Draw random numbers from a generator with a fixed seed.",
        )

    def test_the_order_of_the_rows_does_not_matter(self) -> None:
        rows = _rows(30, seed=3)
        np.testing.assert_allclose(
            self.similarity.distance(rows[::-1], _source()),
            self.similarity.distance(rows, _source()),
            rtol=1e-6,
        )

    def test_it_leaves_what_it_is_given_alone(self) -> None:
        rows, source = _rows(30, seed=4), _source()
        before = [array.copy() for array in (rows, source.mean, source.cov, source.sample)]
        self.similarity.distance(rows, source)
        for was, array in zip(before, (rows, source.mean, source.cov, source.sample), strict=True):
            np.testing.assert_array_equal(was, array)

    def test_it_takes_a_source_known_by_its_variances_alone(self) -> None:
        source = _source()
        bare = dataclasses.replace(source, cov=np.diagonal(source.cov).copy(), origin="batchnorm", n=0)
        near, far = (self.similarity.distance(_rows(60, seed=5) + shift, bare) for shift in (0.0, 3.0))
        require(
            near < far,
            f"{near:.4g} near the source and {far:.4g} far from it",
            "distance must accept a source whose cov has variances alone, of shape (features,)",
            "Use np.diag if source.cov has one dimension.",
        )

    def test_the_likeness_of_the_source_is_near_one_and_that_of_noise_near_zero(self) -> None:
        noise = _rows(100, seed=6) * 0.1 + 4.0
        own = calibrated_similarity(_rows(100, seed=7), _source(), noise, self.similarity, seed=0)
        other = calibrated_similarity(
            _rows(100, seed=8) * 0.1 + 4.0, _source(), noise, self.similarity, seed=0
        )
        require(
            own.calibrated > 0.8 and other.calibrated < 0.2,
            f"{own.calibrated:.2f} and {other.calibrated:.2f}",
            "The calibrated similarity must be near 1 for source rows, and near 0 for noise",
            "Let the distance grow with the difference of the distributions, without a bound.",
        )


def _rows(n: int, *, seed: int) -> NDArray[np.float64]:
    """Return rows of a Gaussian with correlated columns, (n, 12)."""
    mixing = np.random.default_rng(0).standard_normal((WIDTH, WIDTH)) / 3
    return np.random.default_rng(seed).standard_normal((n, WIDTH)) @ (mixing + np.eye(WIDTH))


def _source() -> Reference:
    return build_reference(_rows(4000, seed=100), input_size=64)
