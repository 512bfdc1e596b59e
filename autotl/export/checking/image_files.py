"""Give images to another process as files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import InputView, PixelScale
from autotl.data import (
    UnlabelledImage,
    deep_values_of,
    open_image,
    pixel_digest,
    upright_rgb,
    without_pillow_warnings,
)
from autotl.export.checking.run_images import FoundImages


@dataclass(frozen=True, slots=True)
class ViewedFiles:
    """Images as files, and as a network gets them.

    Attributes:
        paths: The user's own files; a PNG file for each image that has none.
        pixels: The images in the view, uint8 (n, 3, s, s).
        rows: The places of these images among the given ones; unreadable images are left out.
    """

    paths: tuple[Path, ...]
    pixels: NDArray[np.uint8]
    rows: tuple[int, ...]


def view_files(found: FoundImages, view: InputView, scale: PixelScale | None, folder: Path) -> ViewedFiles:
    """Decode images, and find or write a file for each.

    Args:
        found: The images.
        view: The view of the network.
        scale: The pixel values of black and white.
        folder: A folder for new files.
    """
    transform = view.transform()
    paths, pixels, rows = [], [], []
    with without_pillow_warnings():
        for row, each in enumerate(found.images):
            try:
                image = upright_rgb(each.open(), scale)
            except Exception:  # decoders raise anything for files that are no images
                continue
            paths.append(_own_file(each, image, found.root, scale) or _saved(image, folder / f"{row}.png"))
            pixels.append(transform(image))
            rows.append(row)
    shape = (0, *view.shape)
    stacked = np.stack(pixels) if pixels else np.zeros(shape, np.uint8)
    return ViewedFiles(tuple(paths), stacked, tuple(rows))


def _own_file(
    each: UnlabelledImage, image: Image.Image, root: Path | None, scale: PixelScale | None
) -> Path | None:
    """Return the user's file of an image, if ``predict.py`` can read the same pixels from it."""
    if root is None:
        return None
    path = root / each.name
    try:
        if not path.is_file() or _needs_plugin(path):
            return None
        own = open_image(path)
        values = deep_values_of(own)
        if values is not None and values.ndim == 3:  # Pillow alone keeps 8 of 16 bits
            return None
        own = upright_rgb(own, scale)
    except Exception:  # decoders raise anything for files that are no images
        return None
    known = deep_values_of(own) is None
    return path if known and pixel_digest(own) == pixel_digest(image) else None


def _needs_plugin(path: Path) -> bool:
    """Return whether a file is HEIF, whatever its suffix."""
    with path.open("rb") as stream:
        head = stream.read(12)
    return head[4:8] == b"ftyp" and not head.startswith(b"avi", 8)


def _saved(image: Image.Image, path: Path) -> Path:
    Image.fromarray(np.asarray(image)).save(path, compress_level=1)
    return path


def channels_last(pixels: NDArray[np.uint8]) -> Iterable[NDArray[np.uint8]]:
    """Yield images in the layout of the exported graph.

    Images (3, s, s) become batches (1, s, s, 3).
    """
    return (np.ascontiguousarray(each.transpose(1, 2, 0)[None]) for each in pixels)
