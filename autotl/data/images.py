"""Images without labels: what to predict on, and what a source looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PIL import Image

from autotl.api import PixelScale, Reader
from autotl.data.decode import open_image, upright_rgb
from autotl.data.forms import as_path
from autotl.data.tree import images_among
from autotl.data.zipped import ZippedImages
from autotl.errors import DataError

Opener = Callable[[], Image.Image]


def images_in(path: Path) -> list[Path]:
    """The image itself, or those anywhere below a folder, sorted. Raises DataError where there are none."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise DataError(f"There is no {path}. Give an image or a folder of images.")
    files = (each.relative_to(path).as_posix() for each in path.rglob("*") if each.is_file())
    found = images_among(sorted(files))
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
    if path is not None and path.is_dir():
        return [partial(_at, scale, partial(open_image, each)) for each in images_in(path)]
    if path is not None and path.suffix.lower() == ".zip" and path.is_file():
        zipped = ZippedImages(path)
        found = images_among(zipped.names())
        if not found:
            raise DataError(f"{path} holds no images.")
        return [partial(_at, scale, partial(zipped.image, name)) for name in found]
    from autotl.data.reading import at_scale, read  # with pandas, which a prediction does not need

    return list(at_scale(read(source, readers=readers), scale or PixelScale()).openers)


def _at(scale: PixelScale | None, open_one: Opener) -> Image.Image:
    return upright_rgb(open_one(), scale)
