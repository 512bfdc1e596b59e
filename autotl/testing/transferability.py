"""Check the contract of a transferability score, for built-ins and plugins alike."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.api import LabelledFeatures, MeanScore, Transferability

SIZES = (12, 18, 24, 30)
"""Images of each class."""
WIDTH, SOURCE_CLASSES = 6, 5


class TransferabilityChecks:
    """Conformance checks of :class:`autotl.api.Transferability`, to be subclassed.

    >>> from autotl.builtin.transferability.transrate import TransRate
    >>> class TestTransRate(TransferabilityChecks):
    ...     transferability = TransRate()

    Attributes:
        transferability: The score to check.
        order_matters: Whether the order of the images changes the score.
    """

    transferability: Transferability
    order_matters = False

    def test_it_keeps_the_contract(self) -> None:
        assert isinstance(self.transferability, Transferability)
        assert self.transferability.name
        assert self.transferability.summary
        assert self.transferability.reference
        assert isinstance(self.transferability.needs_head, bool)

    @pytest.mark.parametrize("width", [1, 3, 40])
    def test_it_gives_a_finite_number_from_two_classes_of_two_images_on(self, width: int) -> None:
        self._check_finite(_labelled((2, 2), width=width))

    @pytest.mark.parametrize("level", [0.0, 0.1])
    def test_it_gives_a_finite_number_for_features_that_never_change(self, level: float) -> None:
        seen = _labelled(SIZES)
        self._check_finite(dataclasses.replace(seen, features=np.full_like(seen.features, level)))

    def test_it_gives_a_finite_number_for_copies_of_one_image_of_each_class(self) -> None:
        seen = _labelled(SIZES)
        firsts = np.searchsorted(seen.labels, seen.labels)  # the first row of each row's class
        self._check_finite(dataclasses.replace(seen.only(firsts), labels=seen.labels))

    def test_it_gives_a_finite_number_for_fewer_images_than_features(self) -> None:
        self._check_finite(_labelled((5, 7), width=30))

    def test_separable_classes_score_higher_than_shuffled_labels(self) -> None:
        seen = _labelled(SIZES)
        shuffled = np.random.default_rng(1).permutation(seen.labels)
        mixed = dataclasses.replace(seen, labels=shuffled)
        assert self.transferability.score(seen) > self.transferability.score(mixed)

    def test_the_same_input_gives_the_same_score(self) -> None:
        again = self.transferability.score(_labelled(SIZES))
        assert self.transferability.score(_labelled(SIZES)) == again

    def test_the_order_of_the_images_does_not_matter(self) -> None:
        if self.order_matters:
            pytest.skip("order_matters is set")
        seen = _labelled(SIZES, apart=1.0)
        mixed = seen.only(np.random.default_rng(2).permutation(len(seen.labels)))
        assert self.transferability.score(mixed) == pytest.approx(self.transferability.score(seen), rel=1e-4)

    def test_how_the_classes_are_numbered_does_not_matter(self) -> None:
        seen = _labelled(SIZES)
        other = dataclasses.replace(seen, labels=np.array([2, 0, 3, 1])[seen.labels])
        assert self.transferability.score(other) == pytest.approx(self.transferability.score(seen), rel=1e-4)

    def test_it_leaves_what_it_is_given_alone(self) -> None:
        seen, before = _labelled(SIZES), _labelled(SIZES)
        self.transferability.score(seen)
        assert before.probabilities is not None
        np.testing.assert_array_equal(seen.features, before.features)
        np.testing.assert_array_equal(seen.labels, before.labels)
        np.testing.assert_array_equal(seen.probabilities, before.probabilities)

    def test_it_needs_the_source_head_only_if_it_says_so(self) -> None:
        if self.transferability.needs_head:
            pytest.skip("the score needs the source head")
        seen = _labelled(SIZES)
        bare = dataclasses.replace(seen, probabilities=None)
        assert self.transferability.score(bare) == self.transferability.score(seen)

    def test_a_mean_is_the_mean_of_what_the_images_add(self) -> None:
        if not isinstance(self.transferability, MeanScore):
            pytest.skip("the score is no mean over the images")
        seen = _labelled(SIZES, apart=1.0)
        added = self.transferability.contributions(seen)
        assert added.shape == seen.labels.shape
        assert added.mean() == pytest.approx(self.transferability.score(seen))

    def _check_finite(self, seen: LabelledFeatures) -> None:
        found = self.transferability.score(seen)
        assert isinstance(found, float)
        assert np.isfinite(found)


def _labelled(sizes: tuple[int, ...], *, width: int = WIDTH, apart: float = 5.0) -> LabelledFeatures:
    """Return features of Gaussian classes, with probabilities of a source head.

    The head never predicts its last class.

    Args:
        sizes: The number of images of each class.
        width: The number of features.
        apart: The standard deviation of the class means.
    """
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    features = centres[labels] + rng.standard_normal((len(labels), width))
    logits = features @ rng.standard_normal((width, SOURCE_CLASSES))
    return LabelledFeatures(features, labels, _softmax(logits))


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    exponentials[:, -1] = 0
    probabilities: NDArray[np.float64] = exponentials / exponentials.sum(1, keepdims=True)
    return probabilities
