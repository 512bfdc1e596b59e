"""List images without labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from autotl.api import Columns, Reader, ReadsUnlabelled
from autotl.data.arguments import path_or_none
from autotl.data.image_files.decode import open_image
from autotl.data.image_files.list_files import files_below
from autotl.data.image_files.suffixes import IMAGE_SUFFIXES
from autotl.data.image_files.zip_images import ZipImages
from autotl.data.layout.sort_files import visible_images
from autotl.errors import FAILURES, DataError

Opener = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class UnlabelledImage:
    """An image without a label: its name and its opener.

    The opener may raise any error.
    """

    name: str
    open: Opener


def image_paths(path: Path) -> list[Path]:
    """Return an image itself, or the images below a folder.

    Raises:
        DataError: The path does not exist, or the folder holds no images.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        raise DataError(f"There is no {path}. Give an image or a folder of images.")
    found = visible_images(sorted(files_below(path)))
    if not found:
        raise DataError(f"{path} holds no images, nor do the folders below it. Give another folder.")
    return [path / name for name in found]


def is_read(source: object, readers: Mapping[str, Reader]) -> bool:
    """Return whether a reader reads the form of ``source``."""

    def reads(reader: Reader) -> bool:
        try:
            return bool(reader.reads(source))
        except FAILURES:  # a plugin's reader may raise anything
            return False

    return any(map(reads, readers.values()))


def unlabelled_images(
    source: object, *, readers: Mapping[str, Reader], image: str | None = None
) -> list[UnlabelledImage]:
    """List the images of any form of data.

    The names start with the given path. The names of images in a table are those in its cells.

    Args:
        source: The data, labelled or not.
        readers: The readers by name.
        image: The column of a table that holds the images; None to find it as ``fit`` does.

    Raises:
        DataError: There are no images, or no reader reads the form.
    """
    path = path_or_none(source)
    if path is not None and path.is_dir():
        return [UnlabelledImage(str(each), partial(open_image, each)) for each in image_paths(path)]
    if path is not None and path.suffix.lower() == ".zip" and path.is_file():
        archive = ZipImages(path)
        if not (found := visible_images(archive.names())):
            raise DataError(f"{path} holds no images. Give another .zip file.")
        return [UnlabelledImage(str(path / name), partial(archive.image, name)) for name in found]
    if path is not None and path.suffix.lower() in IMAGE_SUFFIXES:
        return [UnlabelledImage(str(path), partial(open_image, path))]
    columns = Columns(image=image)
    for name in sorted(readers):
        reader = readers[name]
        if reader.reads(source):
            if isinstance(reader, ReadsUnlabelled):
                return [UnlabelledImage(each, opener) for each, opener in reader.images(source, columns)]
            return [UnlabelledImage(each.name, each.open) for each in reader.read(source, columns).items]
    if path is not None:
        return [UnlabelledImage(str(path), partial(open_image, path))]
    raise DataError(f"No reader reads images from a {type(source).__name__}. Give a folder or a table.")
