"""Perceptual hashes."""

from __future__ import annotations

from io import BytesIO

import imagehash
import numpy as np
from PIL import Image

from autotl.data import perceptual_hashes, thumbnail


def picture(seed: int, side: int = 96) -> Image.Image:
    """A few soft blobs of colour."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


def hash_of(image: Image.Image) -> int:
    return int(perceptual_hashes(thumbnail(image)[None])[0])


def apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()


def test_the_bits_are_those_of_imagehash() -> None:
    images = [picture(seed, 64 + seed) for seed in range(20)]
    ours = perceptual_hashes(np.stack([thumbnail(image) for image in images]))
    theirs = [int(str(imagehash.phash(image)), 16) for image in images]
    assert ours.tolist() == theirs


def test_a_copy_stays_near_and_another_picture_does_not() -> None:
    image, stream = picture(0), BytesIO()
    image.resize((60, 60)).save(stream, "JPEG", quality=50)
    copy = Image.open(stream)
    assert apart(hash_of(image), hash_of(copy)) <= 6
    assert min(apart(hash_of(image), hash_of(picture(seed))) for seed in range(1, 20)) > 12
