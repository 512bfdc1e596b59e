import numpy as np

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.knn_accuracy import KnnAccuracy
from autotl.testing.transferability import TransferabilityChecks


class TestKnnAccuracy(TransferabilityChecks):
    transferability = KnnAccuracy()


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def test_it_equals_a_loop_over_the_images():
    seen = blobs((25, 40, 55), 7, apart=0.4)
    rows = seen.features - seen.features.mean(0)
    right = []
    for i, row in enumerate(rows):
        cosine = rows @ row / np.linalg.norm(rows, axis=1) / np.linalg.norm(row)
        cosine[i] = -np.inf
        near = np.argsort(-cosine)[:5]
        votes = [np.exp(cosine[near][seen.labels[near] == label] / 0.07).sum() for label in range(3)]
        right.append(np.argmax(votes) == seen.labels[i])
    assert 0.3 < np.mean(right) < 0.9
    np.testing.assert_array_equal(KnnAccuracy().contributions(seen), right)


def test_images_in_several_blocks_are_compared_with_all_the_others(monkeypatch):
    seen = blobs((25, 40, 55), 7, apart=0.4)
    whole = KnnAccuracy().contributions(seen)
    monkeypatch.setattr("autotl.builtin.transferability.knn_accuracy.BLOCK", 17)
    np.testing.assert_array_equal(KnnAccuracy().contributions(seen), whole)


def test_no_image_is_its_own_neighbour():
    # each of the four directions has one image of each class
    angles = np.array([0.0, 1.5, 3.0, 4.5, 0.1, 1.6, 3.1, 4.6])
    seen = LabelledFeatures(np.stack([np.cos(angles), np.sin(angles)], 1), np.repeat([0, 1], 4))
    assert KnnAccuracy().score(seen) == 0.0
