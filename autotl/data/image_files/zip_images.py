"""Open images inside a ZIP file, from any thread or process."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from threading import Lock
from typing import IO

from PIL import Image

from autotl.data.image_files.decode import open_image
from autotl.data.image_files.suffixes import why_unreadable
from autotl.errors import DataError

_MAX_FILE_BYTES = 2**29  # photographs are smaller; archive bombs are larger
_ENCRYPTED = 0x1
_BLOCK_BYTES = 2**16
_BOUNDED_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compression methods that unpack only the requested bytes; others may unpack gigabytes from few bytes."""


class ZipImages:
    """The images in a ZIP file that stays open.

    The file is opened once per process and shared by all threads, because each opening reads the whole list
    of contents.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._open: tuple[int, zipfile.ZipFile] | None = None

    @property
    def path(self) -> Path:
        """The path of the ZIP file."""
        return self._path

    def names(self) -> list[str]:
        """Return the names of all files in the ZIP file, sorted.

        Raises:
            DataError: The ZIP file is damaged or encrypted.
        """
        try:
            with self._lock:
                files = {info.filename: info for info in self._zip().infolist() if not info.is_dir()}
        # zipfile raises NotImplementedError for a version it does not know
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(
                f"{self._path} cannot be opened as a .zip file: {error}. Copy or create it again."
            ) from error
        if any(info.flag_bits & _ENCRYPTED for info in files.values()):
            raise DataError(f"{self._path} is encrypted. Create a .zip file without a password.")
        return sorted(files)

    def image(self, name: str) -> Image.Image:
        """Return the image in one of the files, as :func:`autotl.data.open_image` does."""
        if why := why_unreadable(name):
            raise DataError(why)
        return open_image(self.data(name))

    def data(self, name: str) -> bytes:
        """Return the content of one of the files."""
        with self._lock:  # a ZIP file has one position; decoding, the slow part, needs no lock
            archive = self._zip()
            info = archive.getinfo(name)
            if info.file_size > _MAX_FILE_BYTES:
                raise DataError(f"it must be {_MAX_FILE_BYTES:,} bytes or less (got {info.file_size:,})")
            if info.compress_type not in _BOUNDED_METHODS:
                raise DataError("it is not compressed by deflate: create the .zip file again with deflate")
            with archive.open(name) as entry:
                return _unpack(entry)

    def _zip(self) -> zipfile.ZipFile:
        # After a fork, both processes would move the same file position: the child opens the file again.
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), zipfile.ZipFile(self._path)
        return self._open[1]

    def __reduce__(self) -> tuple[type[ZipImages], tuple[Path]]:
        return ZipImages, (self._path,)


def _unpack(entry: IO[bytes]) -> bytes:
    """Unpack an entry in blocks; its stated size may be wrong."""
    blocks = []
    while block := entry.read(_BLOCK_BYTES):
        blocks.append(block)
    return b"".join(blocks)
