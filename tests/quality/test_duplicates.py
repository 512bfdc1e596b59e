import numpy as np
import pytest

from autotl.errors import DataError
from autotl.quality import leaks, near_duplicates


def hashes_of(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return random hashes with half of the bits set, as for textured images."""
    bits = np.array([rng.permutation(np.repeat([0, 1], 32)) for _ in range(n)], dtype=np.uint8)
    return np.packbits(bits, axis=1).view(np.uint64).ravel()


def moved(hashes: np.ndarray, swaps: int) -> np.ndarray:
    """Return hashes with ``swaps`` ones set to zero and ``swaps`` zeros set to one."""
    bits = np.unpackbits(np.ascontiguousarray(hashes)[:, None].view(np.uint8), axis=1)
    for row in bits:
        ones, zeros = np.flatnonzero(row == 1)[:swaps], np.flatnonzero(row == 0)[:swaps]
        row[ones], row[zeros] = 0, 1
    return np.packbits(bits, axis=1).view(np.uint64).ravel()


@pytest.fixture
def pictures():
    """Return 100 images and copies of the first ten, with 4 different bits and almost equal features."""
    rng = np.random.default_rng(0)
    hashes, features = hashes_of(rng, 100), rng.standard_normal((100, 64)) + 2
    copies = features[:10] + rng.normal(0, 0.2, (10, 64))
    return np.concatenate([hashes, moved(hashes[:10], 2)]), np.concatenate([features, copies])


def test_only_planted_copies_are_found(pictures):
    assert near_duplicates(*pictures) == [(i, 100 + i) for i in range(10)]


def test_clean_data_have_no_copies(pictures):
    hashes, features = pictures
    assert near_duplicates(hashes[:100], features[:100]) == []
    assert near_duplicates(hashes[:100], None) == []


def test_similar_hashes_with_different_features_are_not_copies(pictures):
    hashes, features = pictures
    other = np.random.default_rng(1).standard_normal((10, 64)) + 2
    assert near_duplicates(hashes, np.concatenate([features[:100], other])) == []


def test_similar_features_with_different_hashes_are_not_copies(pictures):
    hashes, features = pictures
    far = hashes_of(np.random.default_rng(1), 10)
    assert near_duplicates(np.concatenate([hashes[:100], far]), features) == []


def test_generally_similar_images_are_not_copies():
    rng = np.random.default_rng(0)
    styles = rng.standard_normal((8, 64)) * 2
    features = np.repeat(styles, 15, axis=0) + rng.normal(0, 0.8, (120, 64))
    hashes = np.repeat(hashes_of(rng, 8), 15)  # the hash depends only on the style
    assert near_duplicates(hashes, features) == []


def test_without_features_only_equal_hashes_count(pictures):
    hashes, _ = pictures
    assert near_duplicates(hashes, None) == []
    equal = np.concatenate([hashes[:100], hashes[:10]])
    assert near_duplicates(equal, None) == [(i, 100 + i) for i in range(10)]


def test_flat_images_are_copies_only_with_equal_features():
    features = np.random.default_rng(0).standard_normal((40, 32))
    features[39] = features[3]
    flat = np.full(40, 1 << 63, dtype=np.uint64)
    assert near_duplicates(flat, None) == []
    assert near_duplicates(flat, features) == [(3, 39)]


@pytest.mark.parametrize("n", [2, 5, 30, 200])
def test_many_copies_of_an_image_are_one_group(n):
    hashes = hashes_of(np.random.default_rng(0), 1).repeat(n)
    everything = [tuple(range(n))]
    assert near_duplicates(hashes, None) == everything
    assert near_duplicates(hashes, np.full((n, 16), 0.3, dtype=np.float32)) == everything


def test_more_copies_than_neighbours_are_found(pictures):
    hashes, features = pictures
    hashes, features = (
        np.r_[hashes[:100], hashes[:1].repeat(9)],
        np.r_[features[:100], features[:1].repeat(9, 0)],
    )
    assert near_duplicates(hashes, features) == [(0, *range(100, 109))]


def test_no_rows_and_one_row_have_no_copies():
    for n in (0, 1):
        assert near_duplicates(np.zeros(n, dtype=np.uint64), np.zeros((n, 4))) == []


def test_different_lengths_are_an_error():
    with pytest.raises(DataError, match=r"as many rows as there are hashes \(got 2 and 3\)"):
        near_duplicates(np.zeros(3, dtype=np.uint64), np.zeros((2, 4)))


def test_a_unique_similar_hash_is_enough_if_features_do_not_contradict():
    rng = np.random.default_rng(3)
    hashes = hashes_of(rng, 40)
    hashes[7] = moved(hashes[3:4], 1)[0]
    features = rng.standard_normal((40, 30))
    features[7] = features[3] + 1.2 * rng.standard_normal(30)  # a copy of low quality
    assert near_duplicates(hashes, features) == [(3, 7)]
    features[7] = -features[3]
    assert near_duplicates(hashes, features) == []


def test_a_hash_with_several_similar_ones_is_not_enough():
    rng = np.random.default_rng(4)
    hashes = hashes_of(rng, 40)
    hashes[7], hashes[9] = moved(hashes[3:4], 1)[0], moved(hashes[3:4], 3)[0]
    features = rng.standard_normal((40, 30))
    features[7] = features[3] + 1.2 * rng.standard_normal(30)
    assert near_duplicates(hashes, features) == []


def sides():
    """Return 60 training and 40 test images; the first three test images are copies of training images."""
    rng = np.random.default_rng(0)
    bits = np.array([rng.permutation(np.repeat([0, 1], 32)) for _ in range(100)], dtype=np.uint8)
    hashes = np.packbits(bits, axis=1).view(np.uint64).ravel()
    features = rng.standard_normal((100, 64)) + 1
    hashes[60:63] = hashes[[5, 7, 2]]
    features[60:63] = features[[5, 7, 2]] + rng.normal(0, 0.2, (3, 64))
    return hashes[:60], hashes[60:], features[:60], features[60:]


def test_test_images_in_the_training_set_are_found():
    train, test, train_features, test_features = sides()
    expected = [(2, 2), (5, 0), (7, 1)]
    assert leaks(train, test, train_features, test_features) == expected
    assert leaks(train, test, None, None) == expected


def test_copies_within_a_set_are_not_a_leak():
    train, test, train_features, test_features = sides()
    train, train_features = np.r_[train, train[:9]], np.r_[train_features, train_features[:9]]
    found = leaks(train, test[3:], train_features, test_features[3:])
    assert found == leaks(train, test[3:], None, None) == []


def test_an_empty_set_has_no_leak():
    train, test, train_features, test_features = sides()
    assert leaks(train[:0], test, train_features[:0], test_features) == []
    assert leaks(train, test[:0], train_features, test_features[:0]) == []


def test_several_copies_of_one_image_do_not_hide_each_other(pictures):
    hashes, features = pictures
    rng = np.random.default_rng(2)
    copies = features[:1] + rng.normal(0, 0.3, (8, 64))
    looks = np.concatenate([moved(hashes[:1], swaps) for swaps in range(3, 7) for _ in range(2)])
    given = hashes[:100], looks, features[:100], copies
    assert leaks(*given, among_train=True) == [(0, each) for each in range(8)]
    assert leaks(*given) == []
