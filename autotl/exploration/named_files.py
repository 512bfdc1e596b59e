"""Find the files of the images in a table, copying some."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from autotl import files
from autotl.data import failure_reason
from autotl.data.image_files.zip_images import ZipImages
from autotl.errors import AutotlError, DataError

_ESCAPED = re.compile(r"\\udc([89a-f][0-9a-f])")
"""A byte of a file name that is not UTF-8, as tables have it."""
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")
_UNREADABLE = (AutotlError, OSError, LookupError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""Errors of a file, or of a member of a ZIP file, that cannot be read."""


def named_files(paths: Sequence[str], folder: Path) -> list[str]:
    """Return a file for each path, whose name is UTF-8.

    Images of ZIP files are unpacked into the folder, with their own bytes and names. Images whose names are
    not UTF-8 are copied there.

    Args:
        paths: The paths, in which a byte that is not UTF-8 is escaped.
        folder: The folder of copies, created if it is needed.

    Raises:
        DataError: A path is no file, or a file cannot be read.
        RunError: A copy cannot be written.
    """
    copies = _Copies(folder)
    return [copies.file_of(path) for path in paths]


class _Copies:
    """Copies images into a folder, under different names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._archives: dict[Path, ZipImages] = {}
        self._taken: set[str] = set()

    def file_of(self, cell: str) -> str:
        """Return the file of a path, or that of its copy."""
        if Path(cell).is_file():
            return cell
        path = _ESCAPED.sub(lambda found: chr(int(f"dc{found[1]}", 16)), cell)
        if Path(path).is_file():
            file = Path(path)
            name = Path(file.parent.name, file.name).as_posix()  # images of one folder may be a group
            return self._copied(_NOT_UTF_8.sub("_", name), file.read_bytes, cell)
        archive = _archive_in(path)
        if archive is None:
            raise DataError(
                f"{cell!r} must be an image file (got none of this name). Explore a folder or a .zip file, "
                "or pair your images with the labels by the column 'row' in Python."
            )
        member = path[len(str(archive)) + 1 :]  # as the ZIP file has it, such as a//b.png
        images = self._archives.setdefault(archive, ZipImages(archive))
        return self._copied(member, lambda: images.data(member), cell)

    def _copied(self, name: str, read: Callable[[], bytes], cell: str) -> str:
        """Write a copy into the folder, and return its path.

        Args:
            name: The wanted name, with its folders.
            read: Returns the content.
            cell: The path in the table.
        """
        target = self._target(PurePosixPath(name.replace("\\", "/")), cell)
        try:
            content = read()
        except _UNREADABLE as error:
            why = failure_reason(error).removesuffix(".")
            raise DataError(f"{cell!r} cannot be read: {why}. Restore the file.") from error
        files.write_bytes(target, content)
        return str(target)

    def _target(self, name: PurePosixPath, cell: str) -> Path:
        """Return a path inside the folder that no other image has, on any file system."""
        found, number = self._folder / name, 1
        if ".." in name.parts or not found.resolve().is_relative_to(self._folder.resolve()):
            raise DataError(
                f"{cell!r} must have a name inside its .zip file (got {str(name)!r}). "
                "Rename it there, or unpack the file."
            )
        while str(found).casefold() in self._taken:
            number += 1
            found = self._folder / name.with_name(f"{name.stem}-copy{number}{name.suffix}")
        self._taken.add(str(found).casefold())
        return found


def _archive_in(path: str) -> Path | None:
    """Return the ZIP file that a path leads into, or None."""
    return next(
        (each for each in Path(path).parents if each.suffix.lower() == ".zip" and each.is_file()), None
    )
