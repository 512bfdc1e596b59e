import numpy as np

from autotl.quality import leaks


def sides():
    """60 training and 40 test pictures; the first three test ones are training ones seen again."""
    rng = np.random.default_rng(0)
    bits = np.array([rng.permutation(np.repeat([0, 1], 32)) for _ in range(100)], dtype=np.uint8)
    hashes = np.packbits(bits, axis=1).view(np.uint64).ravel()
    features = rng.standard_normal((100, 64)) + 1
    hashes[60:63] = hashes[[5, 7, 2]]
    features[60:63] = features[[5, 7, 2]] + rng.normal(0, 0.2, (3, 64))
    return hashes[:60], hashes[60:], features[:60], features[60:]


def test_test_pictures_that_are_in_training_are_found():
    train, test, train_features, test_features = sides()
    expected = [(2, 2), (5, 0), (7, 1)]
    assert leaks(train, test, train_features, test_features) == expected
    assert leaks(train, test, None, None) == expected


def test_copies_within_a_side_are_no_leak():
    train, test, train_features, test_features = sides()
    train, train_features = np.r_[train, train[:9]], np.r_[train_features, train_features[:9]]
    found = leaks(train, test[3:], train_features, test_features[3:])
    assert found == leaks(train, test[3:], None, None) == []


def test_an_empty_side_leaks_nothing():
    train, test, train_features, test_features = sides()
    assert leaks(train[:0], test, train_features[:0], test_features) == []
    assert leaks(train, test[:0], train_features, test_features[:0]) == []
