import numpy as np
import pytest

from autotl.api import Reference
from autotl.backbone import build_reference, calibrated_similarity
from autotl.builtin.similarity.frechet import Frechet
from autotl.errors import DataError

D = 40


def images(n: int, *, seed: int, shift: float = 0.0, d: int = D) -> np.ndarray:
    """Rows like a network's features: correlated, and with fewer strong directions than weak ones."""
    mixing = np.random.default_rng(d).standard_normal((d, d)) * np.linspace(0.1, 1, d) / np.sqrt(d)
    return np.random.default_rng(seed).standard_normal((n, d)) @ mixing + shift


def noise(n: int, *, d: int = D) -> np.ndarray:
    return images(n, seed=99, d=d) * 0.1 + 1.0


@pytest.fixture(scope="module")
def source() -> Reference:
    return build_reference(images(8000, seed=0), input_size=64)


def measured(rows, source, **more):
    return calibrated_similarity(rows, source, noise(400), Frechet(), seed=0, **more)


@pytest.mark.parametrize("n", [20, 100, 400, 1000])
def test_few_images_of_the_source_have_a_high_similarity(source, n):
    found = measured(images(n, seed=1), source)
    assert found.calibrated > 0.9
    assert found.reference == "source images"


@pytest.mark.parametrize("n", [20, 100, 400])
def test_noise_has_a_low_similarity(source, n):
    assert measured(noise(n), source).calibrated < 0.1


def test_similarity_falls_as_images_move_away(source):
    found = [measured(images(200, seed=2, shift=s), source).calibrated for s in (0.0, 0.25, 0.5, 0.75)]
    assert found == sorted(found, reverse=True)
    assert 0.3 < found[2] < 0.8


def test_the_interval_holds_the_estimate_and_narrows_with_more_images(source):
    few, many = (measured(images(n, seed=3, shift=0.4), source) for n in (30, 400))
    for found in (few, many):
        assert found.ci95[0] <= found.calibrated <= found.ci95[1]
    assert few.ci95[1] - few.ci95[0] > 2 * (many.ci95[1] - many.ci95[0])


def test_the_interval_is_about_as_wide_as_estimates_scatter(source):
    found = [measured(images(100, seed=s, shift=0.4), source) for s in range(30)]
    scatter = np.std([each.calibrated for each in found])
    width = np.mean([each.ci95[1] - each.ci95[0] for each in found])
    assert 0.6 < width / (2 * 1.96 * scatter) < 1.7


def test_a_small_source_is_not_compared_with_its_own_rows():
    own = images(300, seed=0)
    found = measured(images(300, seed=1), build_reference(own, input_size=64))
    assert found.calibrated > 0.9


def test_a_source_with_known_variances_only_can_be_compared(source):
    variances = np.diagonal(source.cov).copy()
    drawn = source.mean + np.random.default_rng(0).standard_normal((512, D)) * np.sqrt(variances)
    bare = Reference(source.mean, variances, drawn, n=0, input_size=64, origin="batchnorm")
    assert measured(images(200, seed=1), bare).calibrated > 0.85
    assert measured(noise(200), bare).calibrated < 0.1


def test_any_similarity_can_be_the_measure_and_gives_the_same_in_one_go(source):
    class Plain:
        name, summary, reference = "plain", "Fréchet, one subset at a time", "none"

        def distance(self, features, source):
            return Frechet().distance(features, source)

    rows = images(60, seed=4, shift=0.3)
    one, other = (
        calibrated_similarity(rows, source, noise(60), m, seed=0, resamples=10) for m in (Plain(), Frechet())
    )
    assert one.calibrated == pytest.approx(other.calibrated, abs=1e-9)
    assert one.ci95 == pytest.approx(other.ci95, abs=1e-9)


def test_the_same_seed_gives_the_same_similarity(source):
    assert measured(images(50, seed=5), source) == measured(images(50, seed=5), source)


def test_a_handful_of_images_is_refused(source):
    with pytest.raises(DataError, match=r"4 target images or more .got 3"):
        measured(images(3, seed=0), source)


def test_a_network_wider_than_there_are_images_is_measured():
    d = 640
    wide = build_reference(images(2000, seed=0, d=d), input_size=64)
    found = calibrated_similarity(images(400, seed=1, d=d), wide, noise(400, d=d), Frechet(), seed=0)
    assert found.calibrated > 0.8
