import numpy as np
from autotl_kit.centroids import CentroidAccuracy

from autotl.api import LabelledFeatures
from autotl.testing import TransferabilityChecks


class TestCentroidAccuracy(TransferabilityChecks):
    transferability = CentroidAccuracy()


def test_the_mean_of_a_class_excludes_the_image():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((30, 4)), np.arange(30) % 3
    z = (x - x.mean(0)) / x.std(0)
    expected = []
    for i in range(30):
        others = np.arange(30) != i
        means = np.stack([z[others & (y == k)].mean(0) for k in range(3)])
        expected.append(np.linalg.norm(z[i] - means, axis=1).argmin() == y[i])
    found = CentroidAccuracy().contributions(LabelledFeatures(x, y))
    np.testing.assert_array_equal(found, expected)


def test_noise_has_chance_accuracy():
    rng = np.random.default_rng(1)
    features = LabelledFeatures(rng.standard_normal((600, 20)), np.arange(600) % 2)
    assert 0.4 < CentroidAccuracy().score(features) < 0.6
