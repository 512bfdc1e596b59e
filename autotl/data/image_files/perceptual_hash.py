"""Compute perceptual hashes, which are nearly equal for copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

THUMBNAIL_SIDE = 32  # pixels
LOW_FREQUENCIES = 8  # per axis


def thumbnail(image: Image.Image) -> NDArray[np.uint8]:
    """Return the image in grey, uint8 (32, 32)."""
    size = (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    return np.asarray(image.convert("L").resize(size, Image.Resampling.LANCZOS))


def perceptual_hashes(thumbnails: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return the 64-bit perceptual hash of each thumbnail, (n,).

    Copies of an image differ in few bits. A bit is 1 if one of the 64 lowest frequencies of the cosine
    transform is above their median, as in ``imagehash.phash``.

    Reference: Zauner, Implementation and Benchmarking of Perceptual Image Hash Functions, 2010.

    Args:
        thumbnails: Grey images of :func:`thumbnail`, uint8 (n, 32, 32).
    """
    from scipy.fft import dctn  # slow to import, and predictions need no hashes

    waves = dctn(thumbnails.astype(np.float64), axes=(1, 2))[:, :LOW_FREQUENCIES, :LOW_FREQUENCIES]
    waves = waves.reshape(-1, LOW_FREQUENCIES**2)
    bits = waves > np.median(waves, axis=1, keepdims=True)
    packed = np.packbits(bits, axis=1)  # (n, 8)
    return packed.view(">u8").astype(np.uint64).ravel()
