"""Open the images that the cells of a column hold or name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image

from autotl.data.image_files.decode import open_image
from autotl.data.name_lists import join_names
from autotl.data.tabular.cells import opener_of, path_text
from autotl.data.tabular.locate_images import ImageLocator
from autotl.errors import DataError


@dataclass(frozen=True, slots=True)
class CellImages:
    """The images of a column.

    Attributes:
        names: The name of each image.
        openers: A function that opens each image.
        notes: Notes on the places where files were found.
    """

    names: list[str]
    openers: list[Callable[[], Image.Image]]
    notes: tuple[str, ...]


def open_cells(
    cells: Iterable[Any], row_names: Sequence[str], locator: ImageLocator, *, column: str
) -> CellImages:
    """Find the image of each cell.

    A cell holds an image, or its path or identifier. Opening an image whose file was not found raises an
    error that names the searched folders.

    Args:
        cells: The cells.
        row_names: The name of each cell, for errors.
        locator: Finds the files.
        column: The name of the column, for errors.

    Raises:
        DataError: Some cells are empty, or hold web addresses of images that are not found as files.
    """
    cells = list(cells)
    stored = [opener_of(cell) for cell in cells]
    paths = [path_text(cell).replace("\\", "/") for cell in cells]
    if missing := [
        row_name
        for row_name, opener, path in zip(row_names, stored, paths, strict=True)
        if not opener and not path
    ]:
        raise DataError(
            f"{column} must hold an image or a path in every row (got none in {join_names(missing)}). "
            "Fill it in, or remove these rows."
        )
    to_find = [row for row, opener in enumerate(stored) if opener is None]
    located = locator.locate([paths[row] for row in to_find])
    for row, path in zip(to_find, located.paths, strict=True):
        if path is None and "://" in paths[row]:
            raise DataError(
                f"{column} must hold local paths (got the address {paths[row]}). Download the images first."
            )
    for row, path in zip(to_find, located.paths, strict=True):
        stored[row] = partial(_raise_missing, locator.where) if path is None else partial(open_image, path)
    paths_name_all = len(to_find) == len(paths) or len(set(paths)) == len(paths)
    names = paths if paths_name_all else list(row_names)
    return CellImages(names, [opener for opener in stored if opener], located.notes)


def _raise_missing(where: str) -> Image.Image:
    raise DataError(f"no such file {where}")
