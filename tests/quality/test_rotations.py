"""Check that mirrored and rotated copies are found by their hashes, and other images are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from autotl.data import perceptual_hashes, thumbnail
from autotl.quality import Evidence, find_groups, leaks, near_duplicates
from autotl.quality.name_groups import augmented_pairs
from autotl.quality.rotations import min_distances, rotated_pairs, versions

N = 40


def pictures(n: int, seed: int = 0) -> list[Image.Image]:
    """Return smooth images with large shapes, like photographs."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n):
        small = Image.fromarray(rng.integers(0, 256, (6, 8), dtype=np.uint8))
        found.append(small.resize((96, 72), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2)))
    return found


def hashes(images: list[Image.Image]) -> np.ndarray:
    return perceptual_hashes(np.stack([thumbnail(each) for each in images]))


WAYS: list[Callable[[Image.Image], Image.Image]] = [
    ImageOps.mirror,
    ImageOps.flip,
    lambda image: image.transpose(Image.Transpose.ROTATE_90),
    lambda image: image.transpose(Image.Transpose.ROTATE_180),
    lambda image: image.transpose(Image.Transpose.ROTATE_270),
    lambda image: image.transpose(Image.Transpose.TRANSPOSE),
]


@pytest.mark.parametrize("way", WAYS)
def test_the_hash_of_a_rotated_image_is_computed_to_a_few_bits(
    way: Callable[[Image.Image], Image.Image],
) -> None:
    plain = pictures(N)
    off = min_distances(hashes([way(each) for each in plain]), hashes(plain))
    assert np.median(off) <= 4
    assert (off <= 8).mean() >= 0.9


def test_the_first_version_is_the_image_and_two_half_turns_are_the_identity() -> None:
    own = hashes(pictures(N))
    as_it_is, mirrored, *_ = versions(own)
    np.testing.assert_array_equal(as_it_is, own)
    np.testing.assert_array_equal(versions(mirrored)[1], own)


def test_other_images_are_not_rotated_copies() -> None:
    assert len(rotated_pairs(hashes(pictures(300)), 8)) == 0


def test_mirrored_copies_are_duplicates_and_leaks_if_the_features_agree() -> None:
    plain = pictures(N)
    rng = np.random.default_rng(1)
    features = rng.normal(size=(N, 64))
    mirrored = features + 0.2 * rng.normal(size=(N, 64))  # approximately the features of a mirrored image
    both = hashes([*plain, *(ImageOps.mirror(each) for each in plain)])
    found = near_duplicates(both, np.concatenate([features, mirrored]))
    assert sum((i, i + N) in found for i in range(N)) >= 0.9 * N
    pairs = leaks(both[:N], both[N:], features, mirrored)
    assert sum((i, i) in pairs for i in range(N)) >= 0.9 * N
    unrelated = near_duplicates(both, rng.normal(size=(2 * N, 64)))
    assert len(unrelated) <= 0.1 * N


@pytest.mark.parametrize(
    "name",
    [
        "img012_flip",
        "img012_aug3",
        "img012-rot90",
        "img012 (copy)",
        "img012.rf.0a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "img012_hflip_crop2",
    ],
)
def test_suffixes_of_augmentations_are_removed(name: str) -> None:
    same = np.full(2, hashes(pictures(1))[0])
    labels = np.zeros(2, dtype=np.int64)
    assert list(augmented_pairs([f"a/{name}.jpg", "a/img012.jpg"], labels, same)) == [(0, 1)]
    assert not list(augmented_pairs([f"a/{name}.jpg", "b/img012.jpg"], labels, same))


def test_copies_that_share_a_stem_are_in_one_group() -> None:
    plain = pictures(12)
    images, names = [], []
    for number, image in enumerate(plain):
        width, height = image.size
        cropped = image.crop((3, 3, width - 3, height - 3)).resize(image.size)
        images += [image, ImageOps.mirror(image), cropped]
        names += [f"a/img{number:03d}.jpg", f"a/img{number:03d}_flip.jpg", f"a/img{number:03d}_aug3.jpg"]
    labels = np.zeros(len(images), dtype=np.int64)
    own = hashes(images)
    pairs = set(augmented_pairs(names, labels, own))
    assert sum((3 * i, 3 * i + 1) in pairs for i in range(12)) >= 11
    assert all(one // 3 == other // 3 for one, other in pairs)
    numbered = [f"a/image {number}.jpg" for number in range(len(images))]
    assert not list(augmented_pairs(numbered, labels, own))  # a number is no sign of augmentation
    groups = find_groups(Evidence(names, labels, own, [None] * len(images)))
    assert sum(len(each) for each in groups.sets) >= 30
    assert all(len({row // 3 for row in each}) == 1 for each in groups.sets)
