import imagehash
import numpy as np
from PIL import Image

from autotl.data import perceptual_hashes, thumbnail
from autotl.quality import hamming_pairs
from autotl.quality.hashing import MAX_PER_ROW, hamming_between, textured


def noise(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((96, 96))


def perceptual_hash(image):
    """Return the hash as in the table of a data set."""
    return int(perceptual_hashes(thumbnail(image)[None])[0])


def test_a_hash_has_the_bits_of_imagehash_and_is_stable_under_resizing():
    image = noise(0)
    found = perceptual_hash(image)
    assert [bit == "1" for bit in f"{found:064b}"] == imagehash.phash(image).hash.ravel().tolist()
    assert (found ^ perceptual_hash(image.resize((60, 60)))).bit_count() <= 4
    assert (found ^ perceptual_hash(noise(1))).bit_count() > 15


def test_a_flat_image_has_no_texture():
    hashes = [perceptual_hash(Image.new("RGB", (50, 40), (v, 9, 9))) for v in (0, 80, 255)]
    assert not textured(np.array(hashes, dtype=np.uint64)).any()
    assert textured(np.array([perceptual_hash(noise(0))], dtype=np.uint64)).all()


def test_pairs_equal_those_of_a_direct_comparison(monkeypatch):
    monkeypatch.setattr("autotl.quality.hashing._CELLS", 500)  # several chunks
    rng = np.random.default_rng(0)
    hashes = rng.integers(0, 2**64, 70, dtype=np.uint64)
    hashes[1::2] = hashes[::2] ^ rng.integers(0, 2**14, 35, dtype=np.uint64)
    apart = np.array([[(int(a) ^ int(b)).bit_count() for b in hashes] for a in hashes])
    for within in (0, 6, 25):
        np.testing.assert_array_equal(hamming_pairs(hashes, within), np.argwhere(np.triu(apart <= within, 1)))
    across = hamming_between(hashes[:30], hashes[30:], 25)
    np.testing.assert_array_equal(across, np.argwhere(apart[:30, 30:] <= 25))


def test_a_row_keeps_its_nearest_and_equal_hashes():
    hashes = np.zeros(200, dtype=np.uint64)
    found = hamming_pairs(hashes, 10)
    assert np.bincount(found[:, 0]).max() == MAX_PER_ROW
    assert {(i, i + 1) for i in range(199)} <= set(map(tuple, found.tolist()))
    hashes[1:101] = 1
    assert (hashes[hamming_pairs(hashes, 10)[:MAX_PER_ROW, 1]] == 0).all()  # the ones of row 0


def test_no_hash_and_one_hash_give_no_pairs():
    for n in (0, 1):
        assert hamming_pairs(np.zeros(n, dtype=np.uint64), 10).shape == (0, 2)
    assert hamming_between(np.zeros(0, dtype=np.uint64), np.zeros(3, dtype=np.uint64), 5).shape == (0, 2)
