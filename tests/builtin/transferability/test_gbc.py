import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm
from sklearn.decomposition import PCA

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.gbc import Gbc
from autotl.testing.transferability import TransferabilityChecks


class TestGbc(TransferabilityChecks):
    transferability = Gbc()


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def test_it_is_the_overlap_of_gaussian_densities():
    """The coefficient is the integral of the root of the product; here in one dimension, by quadrature."""
    labels = np.repeat([0, 1], 30)
    rng = np.random.default_rng(0)
    rows = np.where(labels, 3.0, 1.0) * rng.standard_normal(60) + 2.0 * labels
    densities = [norm(rows[labels == y].mean(), rows[labels == y].std()) for y in (0, 1)]
    overlap, _ = quad(lambda x: np.sqrt(densities[0].pdf(x) * densities[1].pdf(x)), -30, 30)
    assert Gbc().score(LabelledFeatures(rows[:, None], labels)) == pytest.approx(-overlap, rel=1e-6)


@pytest.mark.parametrize("width", [5, 70, 200])
def test_it_is_the_bhattacharyya_distance_of_spheres_in_principal_directions(width):
    seen = blobs((30, 40, 50), width)
    count = min(64, width)
    rows = PCA(count, svd_solver="full").fit_transform(seen.features)
    classes = [rows[seen.labels == label] for label in range(3)]
    total = 0.0
    for i, one in enumerate(classes):
        for j, other in enumerate(classes):
            if i == j:
                continue
            a, b = (each.var(0).mean() * np.eye(count) for each in (one, other))
            mean = (a + b) / 2
            gap = one.mean(0) - other.mean(0)
            logs = [np.linalg.slogdet(each)[1] for each in (mean, a, b)]
            distance = gap @ np.linalg.solve(mean, gap) / 8 + (logs[0] - (logs[1] + logs[2]) / 2) / 2
            total += np.exp(-distance)
    assert Gbc().score(seen) == pytest.approx(-total / 6, rel=1e-6)


def test_classes_that_are_the_same_overlap_wholly():
    seen = LabelledFeatures(np.full((6, 3), 0.1), np.array([0, 0, 1, 1, 2, 2]))
    assert Gbc().score(seen) == pytest.approx(-1.0)


def test_the_unit_of_the_features_does_not_matter():
    seen = blobs((20, 20), 8, apart=0.3)
    small = LabelledFeatures(seen.features / 1000, seen.labels)
    assert Gbc().score(small) == pytest.approx(Gbc().score(seen), rel=1e-6)
