"""Name what a picture looks like, so that copies of it are found again after re-encoding or resizing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE, LOW = 32, 8


def thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    """The picture in grey at 32 by 32 pixels, (32, 32)."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The perceptual hash (n,) of thumbnails (n, 32, 32): 64 bits, few of which differ between two copies.

    A bit is one of the lowest frequencies of the cosine transform, above their median or not (Zauner,
    Implementation and Benchmarking of Perceptual Image Hash Functions, 2010): the bits of
    ``imagehash.phash``, for many pictures at a time.
    """
    from scipy.fft import dctn  # slow to import, and a prediction needs no hashes

    waves = dctn(thumbnails.astype(np.float64), axes=(1, 2))[:, :LOW, :LOW].reshape(-1, LOW * LOW)
    bits = waves > np.median(waves, axis=1, keepdims=True)
    packed = np.packbits(bits, axis=1)  # (n, 8)
    return packed.view(">u8").astype(np.uint64).ravel()
