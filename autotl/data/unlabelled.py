"""Images without labels: what to predict on, and what a source looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from autotl.api import Columns, PixelScale, Reader, ReadsUnlabelled
from autotl.data.conventions import as_path
from autotl.data.image_files.decode import open_image, upright_rgb
from autotl.data.image_files.endings import IMAGE_SUFFIXES
from autotl.data.image_files.walk import files_below
from autotl.data.image_files.zipped import ZippedImages
from autotl.data.layout.tree import images_among
from autotl.errors import DataError

Opener = Callable[[], Image.Image]


@dataclass(frozen=True, slots=True)
class Picture:
    """An image whose label is not known: its name, and what opens it, which may raise."""

    name: str
    open: Opener


def images_in(path: Path) -> list[Path]:
    """The image itself, or those anywhere below a folder, sorted. Raises DataError where there are none."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise DataError(f"There is no {path}. Give an image or a folder of images.")
    found = images_among(sorted(files_below(path)))
    if not found:
        raise DataError(f"{path} holds no images, nor do its folders.")
    return [path / name for name in found]


def pictures(
    source: object, *, readers: Mapping[str, Reader], scale: PixelScale | None = None
) -> list[Opener]:
    """Ways to open the images of ``source``, labelled or not: a folder, a zip, or any form with labels.

    Pixels of more than 8 bits are brought to ``scale``.
    """
    path = as_path(source)
    if path is not None and (path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file())):
        return [partial(_at, scale, each.open) for each in pictures_in(path, readers=readers)]
    from autotl.data.reading import at_scale, read

    return list(at_scale(read(source, readers=readers), scale or PixelScale()).openers)


def pictures_in(source: object, *, readers: Mapping[str, Reader], image: str | None = None) -> list[Picture]:
    """The images of a folder, a zip, an image file, or any form that a reader reads, labelled or not.

    Their names begin with the path that was given; those of a table are as written there.

    Args:
        source: the data.
        readers: those that may read it, by name.
        image: the column of a table that holds the images; None to find it as ``fit`` does.

    Raises:
        DataError: if there are none, or no reader reads the form.
    """
    path = as_path(source)
    if path is not None and path.is_dir():
        return [Picture(str(each), partial(open_image, each)) for each in images_in(path)]
    if path is not None and path.suffix.lower() == ".zip" and path.is_file():
        zipped = ZippedImages(path)
        if not (found := images_among(zipped.names())):
            raise DataError(f"{path} holds no images.")
        return [Picture(str(path / name), partial(zipped.image, name)) for name in found]
    if path is not None and path.suffix.lower() in IMAGE_SUFFIXES:
        return [Picture(str(path), partial(open_image, path))]
    columns = Columns(image=image)
    for name in sorted(readers):
        reader = readers[name]
        if reader.reads(source):
            if isinstance(reader, ReadsUnlabelled):
                return [Picture(each, opener) for each, opener in reader.images(source, columns)]
            return [Picture(each.name, each.open) for each in reader.read(source, columns).items]
    if path is not None:
        return [Picture(str(path), partial(open_image, path))]
    raise DataError(f"Nothing reads images from a {type(source).__name__}.")


def _at(scale: PixelScale | None, open_one: Opener) -> Image.Image:
    return upright_rgb(open_one(), scale)
