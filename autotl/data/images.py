"""Images without labels: what to predict on, and what a source looks like."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from threading import Lock

from PIL import Image

from autotl.api import Reader
from autotl.data.decode import SUFFIXES, open_image, upright_rgb
from autotl.data.forms import as_path
from autotl.data.reading import read
from autotl.errors import DataError

Opener = Callable[[], Image.Image]


def images_in(path: Path) -> list[Path]:
    """The image itself, or the images anywhere below a folder, sorted. Raises DataError where there are none."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise DataError(f"There is no {path}. Give an image or a folder of images.")
    found = sorted(
        each
        for each in path.rglob("*")
        if each.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in each.parts[len(path.parts) :])
    )
    if not found:
        raise DataError(f"{path} holds no images, nor do its folders.")
    return found


def pictures(source: object, *, readers: Mapping[str, Reader]) -> list[Opener]:
    """Ways to open the images of ``source``, labelled or not: a folder, a zip, or any form with labels."""
    path = as_path(source)
    if path is not None and path.is_dir():
        return [lambda each=each: open_image(each) for each in images_in(path)]  # type: ignore[misc]
    if path is not None and path.suffix.lower() == ".zip" and path.is_file():
        return _zipped(path)
    return list(read(source, readers=readers).openers)


def _zipped(path: Path) -> list[Opener]:
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is not a readable zip: {error}.") from error
    names = sorted(
        name
        for name in archive.namelist()
        if PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith("__MACOSX")
    )
    if not names:
        raise DataError(f"{path} holds no images.")
    lock = Lock()

    def opener(name: str) -> Opener:
        def opens() -> Image.Image:
            with lock:  # one file handle, several decoding threads
                content = archive.read(name)
            return upright_rgb(open_image(content))

        return opens

    return [opener(name) for name in names]
