import hashlib

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from autotl.bench import FAMILIES, KINDS, draw
from autotl.errors import BenchError, UnknownName

EVERY = pytest.mark.parametrize("family", sorted(FAMILIES))
DIGESTS = {"colours": "3a29b8f875b25f8e", "gratings": "fa16bbd467eca514", "shapes": "c53fc1dd908481a3"}


def _features(family, images):
    """Return features that are independent of the position: mean colour, or low Fourier coefficients."""
    planes = images.astype(np.float64)
    if family == "colours":
        return (planes - planes.mean(3, keepdims=True)).mean((1, 2))
    return np.log1p(np.abs(np.fft.rfft2(planes.mean(3)))[:, :8, :8].reshape(len(planes), -1))


def _accuracy(family, **style):
    images, labels = draw(family, per_class=100, seed=1, **style)
    fresh, truth = draw(family, per_class=50, seed=2, **style)
    rows, others = _features(family, images), _features(family, fresh)
    spread = rows.std(0)
    return KNeighborsClassifier(5).fit(rows / spread, labels).score(others / spread, truth)


@EVERY
def test_images_are_small_uint8_arrays_and_labels_are_balanced(family):
    images, labels = draw(family, per_class=7, seed=0, classes=5)
    assert (images.shape, images.dtype) == ((35, 32, 32, 3), np.uint8)
    assert (labels.shape, labels.dtype) == ((35,), np.int64)
    assert np.bincount(labels).tolist() == [7] * 5
    assert np.bincount(labels[:10]).tolist() == [2] * 5


@EVERY
def test_the_same_seed_gives_the_same_images_and_another_seed_fresh_ones(family):
    images, _ = draw(family, per_class=80, seed=3)
    again, _ = draw(family, per_class=80, seed=3)
    fresh, _ = draw(family, per_class=80, seed=4)
    assert np.array_equal(images, again)
    assert not (images == fresh).all((1, 2, 3)).any()


@EVERY
def test_the_images_are_equal_on_all_machines(family):
    images, _ = draw(family, per_class=2, seed=0, distance=0.5)
    assert hashlib.sha256(images.tobytes()).hexdigest()[:16] == DIGESTS[family]


@EVERY
def test_difficulty_lowers_the_accuracy_of_a_simple_classifier(family):
    easy, middle, hard = (_accuracy(family, difficulty=each) for each in (0.0, 0.75, 1.0))
    assert easy > middle > hard
    assert easy > 0.8


@EVERY
def test_distance_makes_pixels_less_similar_to_the_source(family):
    def profile(distance):
        images, _ = draw(family, per_class=100, seed=5, distance=distance)
        return np.log1p(np.abs(np.fft.rfft2(images.astype(np.float64), axes=(1, 2)))).mean(0)

    near, middle, far = (np.linalg.norm(profile(each) - profile(0.0)) for each in (0.05, 0.5, 1.0))
    assert near < middle < far


@EVERY
def test_all_classes_can_be_drawn_and_differ(family):
    assert _accuracy(family, classes=KINDS, difficulty=0.0) > 0.5
    own, _ = draw(family, per_class=30, seed=6, classes=4, first=8, difficulty=0.0)
    assert own.shape == (120, 32, 32, 3)


@pytest.mark.parametrize("distance", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_the_luminance_of_colours_is_independent_of_the_class(difficulty, distance):
    style = {"difficulty": difficulty, "distance": distance}
    images, labels = draw("colours", per_class=200, seed=7, **style)
    fresh, truth = draw("colours", per_class=200, seed=8, **style)

    def grey(given):
        planes = given.astype(np.float64).mean(3)
        means = planes.reshape(len(planes), 4, 8, 4, 8).mean((2, 4)).reshape(len(planes), -1)
        return np.column_stack([means, planes.mean((1, 2)), planes.std((1, 2))]) / 64

    score = LogisticRegression(max_iter=500).fit(grey(images), labels).score(grey(fresh), truth)
    assert abs(score - 0.25) < 4 * np.sqrt(0.25 * 0.75 / len(truth))


def test_no_channel_of_colours_is_clipped():
    for distance in (0.0, 1.0):
        images, _ = draw("colours", per_class=50, seed=9, difficulty=1.0, distance=distance)
        assert images.min() > 0
        assert images.max() < 255


def test_an_unknown_family_is_an_error():
    with pytest.raises(UnknownName, match="Did you mean 'shapes'"):
        draw("shape", per_class=1, seed=0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"per_class": 0}, "at least 1"),
        ({"classes": 1}, "at least two of"),
        ({"classes": 8, "first": 5}, "at least two of"),
        ({"difficulty": 1.1}, "difficulty must be"),
        ({"distance": -0.1}, "distance must be"),
    ],
)
def test_numbers_out_of_range_are_an_error(wrong, said):
    with pytest.raises(BenchError, match=said):
        draw("shapes", **{"per_class": 2, "seed": 0, **wrong})
