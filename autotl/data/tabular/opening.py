"""Make ways to open images of the cells that hold or name them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image

from autotl.data.conventions import some
from autotl.data.image_files.decode import open_image
from autotl.data.tabular.cells import opener_of, text_of
from autotl.data.tabular.locate import Files
from autotl.errors import DataError


@dataclass(frozen=True, slots=True)
class Openers:
    """The images of cells: what each is called, how it is opened, and what to tell of them."""

    names: list[str]
    openers: list[Callable[[], Image.Image]]
    notes: tuple[str, ...]


def openers(cells: Iterable[Any], places: Sequence[str], files: Files, *, column: str) -> Openers:
    """Find the images of the cells.

    A cell may hold an image, or the path or identifier of one. Opening a file that was not found raises an
    error that says where it was looked for.

    Args:
        cells: What holds or names the images.
        places: What to call the cells in errors.
        files: Finds the files.
        column: What to call all the cells in an error.

    Raises:
        DataError: Some cells are empty, or hold addresses on the web.
    """
    cells = list(cells)
    stored = [opener_of(cell) for cell in cells]
    texts = [text_of(cell).replace("\\", "/") for cell in cells]
    if missing := [
        place for place, opener, text in zip(places, stored, texts, strict=True) if not opener and not text
    ]:
        raise DataError(f"{column} holds no image path in {some(missing)}.")
    wanted = [row for row, opener in enumerate(stored) if opener is None]
    if wanted and "://" in texts[wanted[0]]:
        raise DataError(f"{column} holds addresses ({texts[wanted[0]]}). Download the images first.")
    located = files.locate([texts[row] for row in wanted])
    for row, path in zip(wanted, located.paths, strict=True):
        stored[row] = partial(_missing, files.where) if path is None else partial(open_image, path)
    names = texts if len(wanted) == len(texts) or len(set(texts)) == len(texts) else list(places)
    return Openers(names, [opener for opener in stored if opener], located.notes)


def _missing(where: str) -> Image.Image:
    raise DataError(f"no such file {where}")
