"""Open images inside a ZIP file, in place, from any thread or process."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from threading import Lock
from typing import IO

from PIL import Image

from autotl.data.image_files.decode import open_image
from autotl.data.image_files.endings import why_unreadable
from autotl.errors import DataError

_LARGEST = 2**29  # bytes of one file: no photograph is as large, an archive bomb is
_ENCRYPTED = 0x1
_BLOCK = 2**16  # bytes asked for at a time
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Methods that give no more bytes than are asked for. Of the others some hundred bytes may give gigabytes."""


class ZippedImages:
    """The images in a ZIP file that stays open, for all threads; in another process it opens itself again.

    To open the file for each image would be to read its list of contents each time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        self._open: tuple[int, zipfile.ZipFile] | None = None

    def names(self) -> list[str]:
        """The names of all files in it, sorted. Raises DataError for a file that is damaged or encrypted."""
        try:
            with self._lock:
                files = {info.filename: info for info in self._zip().infolist() if not info.is_dir()}
        # zipfile says NotImplementedError of a version it does not know
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(
                f"{self._path} cannot be opened as a .zip file: {error}. Copy or make it again."
            ) from error
        if any(info.flag_bits & _ENCRYPTED for info in files.values()):
            raise DataError(f"{self._path} is encrypted. Make a .zip file without a password.")
        return sorted(files)

    def image(self, name: str) -> Image.Image:
        """The image in one of the files, as :func:`autotl.data.open_image` gives it."""
        if why := why_unreadable(name):
            raise DataError(why)
        with self._lock:  # a ZIP file is at one place at a time; decoding, the long part, is outside
            opened = self._zip()
            told = opened.getinfo(name)
            if told.file_size > _LARGEST:
                raise DataError(f"{told.file_size:,} bytes are more than the {_LARGEST:,} that are unpacked")
            if told.compress_type not in _BOUNDED:
                raise DataError("it is not packed by deflate: make the .zip file again with that method")
            with opened.open(name) as entry:
                data = _read(entry)
        return open_image(data)

    def _zip(self) -> zipfile.ZipFile:
        # After a fork both processes would move the same place in the file: the child opens its own.
        if self._open is None or self._open[0] != os.getpid():
            self._open = os.getpid(), zipfile.ZipFile(self._path)
        return self._open[1]

    def __reduce__(self) -> tuple[type[ZippedImages], tuple[Path]]:
        return ZippedImages, (self._path,)


def _read(entry: IO[bytes]) -> bytes:
    """Unpack an entry in blocks: it may say that it is small, and unpack to more than there is memory."""
    parts = []
    while part := entry.read(_BLOCK):
        parts.append(part)
    return b"".join(parts)
