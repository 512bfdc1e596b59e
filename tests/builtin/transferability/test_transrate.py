import numpy as np
import pytest

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.transrate import TransRate
from autotl.testing.transferability import TransferabilityChecks


class TestTransRate(TransferabilityChecks):
    transferability = TransRate()


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def published(features, labels, eps=1e-4):
    """The paper's listing, in other words: classes count the same, their covariance to a trace of 1."""

    def rate(z):
        return np.linalg.slogdet(np.eye(z.shape[1]) + z.T @ z / (len(z) * eps))[1] / 2

    z = features - features.mean(0)
    z /= np.sqrt(np.trace(z.T @ z) / len(z))
    return rate(z) - np.mean([rate(z[labels == label]) for label in np.unique(labels)])


@pytest.mark.parametrize("width", [3, 12, 60], ids=["tall", "classes are wide", "wide"])
def test_with_even_classes_it_is_the_published_one(width):
    seen = blobs((10, 10, 10), width)
    assert TransRate().score(seen) == pytest.approx(published(seen.features, seen.labels), rel=1e-9)


def test_classes_count_by_their_images():
    seen = blobs((4, 36), 3)
    z = seen.features - seen.features.mean(0)
    z /= np.linalg.norm(z) / np.sqrt(len(z))
    rates = [
        np.log1p(np.linalg.svd(part, compute_uv=False) ** 2 / (len(part) * 1e-4)).sum() / 2
        for part in (z, z[:4], z[4:])
    ]
    assert TransRate().score(seen) == pytest.approx(rates[0] - 0.1 * rates[1] - 0.9 * rates[2], rel=1e-9)
