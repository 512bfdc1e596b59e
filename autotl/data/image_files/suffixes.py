"""List the suffixes of image files, readable or not."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePosixPath

from PIL import Image

READABLE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".jp2", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".dib", ".apng", ".j2k", ".jpf", ".jpx", ".jpc"}
)
_HEIF_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".heics", ".heifs"})
_RAW_SUFFIXES = frozenset(
    {".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw"}
    | {".3fr", ".iiq", ".x3f", ".kdc", ".erf"}
)
_OTHER_SUFFIXES = frozenset(
    {".jxl", ".jxr", ".wdp", ".ico", ".cur", ".tga", ".psd", ".xcf", ".svg"}
    | {".eps", ".pcx", ".exr", ".hdr", ".dds", ".sgi", ".dcm", ".dicom", ".fits", ".nii", ".qoi", ".icns"}
)
IMAGE_SUFFIXES = READABLE_SUFFIXES | _HEIF_SUFFIXES | _RAW_SUFFIXES | _OTHER_SUFFIXES
"""Suffixes of images, readable or not."""


def is_image_name(name: str) -> bool:
    """Return whether a name has the suffix of an image.

    The image may be unreadable here.
    """
    return suffix_of(name) in IMAGE_SUFFIXES


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case."""
    return PurePosixPath(name.strip().replace("\\", "/")).suffix.lower()


@cache
def register_heif() -> bool:
    """Register ``pillow-heif`` with Pillow; return whether it is installed."""
    if find_spec("pillow_heif") is None:
        return False
    import_module("pillow_heif").register_heif_opener()
    return True


def why_unreadable(name: str) -> str:
    """Return how to convert an image with an unreadable suffix.

    It is "" for other names.
    """
    suffix = suffix_of(name)
    if suffix in _HEIF_SUFFIXES:
        return "" if register_heif() else f"{suffix} files need pillow-heif: pip install 'autotl[heif]'"
    if suffix == ".avif":
        Image.init()
        return "" if "AVIF" in Image.OPEN else ".avif files need Pillow 11.3 or newer: pip install -U pillow"
    if suffix in _RAW_SUFFIXES:
        return f"{suffix} files hold raw camera data: convert them to PNG, with rawpy for example"
    if suffix in (".dcm", ".dicom"):
        return f"{suffix} files are not supported: convert them to PNG, with pydicom for example"
    if suffix == ".jxl":
        return ".jxl files are not supported: convert them to PNG, with pillow-jxl-plugin for example"
    if suffix in _OTHER_SUFFIXES:
        return f"{suffix} files are not supported: convert them to PNG or JPEG"
    return ""
