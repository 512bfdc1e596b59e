"""Which endings are those of image files, and what reads the ones that cannot be read here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import PurePosixPath

from PIL import Image

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".jp2", ".avif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".dib", ".apng", ".j2k", ".jpf", ".jpx", ".jpc"}
)
_HEIF = frozenset({".heic", ".heif", ".hif", ".heics", ".heifs"})
_RAW = frozenset(
    {".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".sr2", ".orf", ".rw2", ".raf", ".pef", ".srw"}
    | {".3fr", ".iiq", ".x3f", ".kdc", ".erf"}
)
_OTHERS = frozenset(
    {".jxl", ".jxr", ".wdp", ".ico", ".cur", ".tga", ".psd", ".xcf", ".svg"}
    | {".eps", ".pcx", ".exr", ".hdr", ".dds", ".sgi", ".dcm", ".dicom", ".fits", ".nii", ".qoi", ".icns"}
)
IMAGE_SUFFIXES = SUFFIXES | _HEIF | _RAW | _OTHERS
"""Endings of images, those that cannot be read here included."""


def is_image_name(name: str) -> bool:
    """Whether a name ends as those of images do, readable here or not."""
    return suffix_of(name) in IMAGE_SUFFIXES


def suffix_of(name: str) -> str:
    """The ending of a name with its dot, in lower case."""
    return PurePosixPath(name.strip().replace("\\", "/")).suffix.lower()


@cache
def with_heif() -> bool:
    """Whether Pillow can read HEIC files: it can once ``pillow-heif``, if installed, is registered."""
    if find_spec("pillow_heif") is None:
        return False
    import_module("pillow_heif").register_heif_opener()
    return True


def why_unreadable(name: str) -> str:
    """What to do about an image whose ending cannot be read here; nothing for other endings."""
    suffix = suffix_of(name)
    if suffix in _HEIF:
        return "" if with_heif() else f"{suffix} files need pillow-heif: pip install 'autotl[heif]'"
    if suffix == ".avif":
        Image.init()
        return "" if "AVIF" in Image.OPEN else ".avif files need Pillow 11.3 or newer: pip install -U pillow"
    if suffix in _RAW:
        return f"{suffix} files are raw data of a camera: convert them to PNG, with rawpy for example"
    if suffix in (".dcm", ".dicom"):
        return f"{suffix} files are not read: convert them to PNG, with pydicom for example"
    if suffix == ".jxl":
        return ".jxl files are not read: convert them to PNG, with pillow-jxl-plugin for example"
    if suffix in _OTHERS:
        return f"{suffix} files are not read: convert them to PNG or JPEG"
    return ""
