"""The out folder of an exploration, and its unfinished work."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from autotl import jsonio
from autotl.cache import exclusive_lock
from autotl.errors import RunError
from autotl.files import raising_disk_full, raising_write_error
from autotl.results.run_folder import RunFolder, create_run_folder

DOCUMENT = "explore.json"
"""The file that is written last: a folder with it is finished."""
_WORK, _LOCK = ".explore", "lock"

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Progress:
    """The rows of an array that are complete."""

    done: int


@dataclass(frozen=True, slots=True)
class OutFolder:
    """The folder of an exploration.

    ``temporary`` tells that it is removed together with the result, and ``auto_named`` that autotl chose the
    name.
    """

    path: Path
    temporary: bool = False
    auto_named: bool = False

    @property
    def work(self) -> Path:
        """The folder of unfinished work, removed at the end."""
        return self.path / _WORK

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out of the folder in the block."""
        with exclusive_lock(self.work / _LOCK, str(self.path)):
            self.check_unfinished()
            yield

    def check_unfinished(self) -> None:
        """Raise RunError if the exploration is finished.

        Work that a killed process left there is removed.
        """
        if (self.path / DOCUMENT).is_file():
            self.remove_work()
            raise RunError(
                f"{self.path} holds a finished exploration. Give --out a new folder, or remove this one."
            )

    def remove_work(self) -> None:
        """Remove the files of unfinished work."""
        shutil.rmtree(self.work, ignore_errors=True)

    def remove_unless_resumable(self) -> None:
        """Remove a folder that autotl named, unless it holds work to resume."""
        if self.temporary:
            shutil.rmtree(self.path, ignore_errors=True)
        elif self.auto_named and not any(each.name != _LOCK for each in self.work.glob("*")):
            self.remove_work()
            RunFolder(self.path, auto_named=True).remove_if_empty()


def open_out_folder(out: str | Path | None, data: object) -> OutFolder:
    """Create the folder of an exploration, or open an interrupted one.

    Args:
        out: The folder that the user named; None for a new one beside the runs of ``fit``.
        data: The images, which give such a folder its name.

    Raises:
        RunError: The folder holds other files or a finished exploration, or cannot be created.
    """
    if out is None:
        found = create_run_folder(None, data)
        return OutFolder(found.path, found.temporary, found.auto_named)
    path = Path(out)
    OutFolder(path).check_unfinished()
    if path.exists() and not (path / _WORK).is_dir() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is not empty. Give --out a new folder, or remove this one.")
    with raising_write_error(path):
        path.mkdir(parents=True, exist_ok=True)
    return OutFolder(path)


class RowFile:
    """A float32 matrix on disk that is computed in blocks of rows.

    Complete blocks survive the end of the process at any point.
    """

    def __init__(self, folder: Path, key: str, shape: tuple[int, int]) -> None:
        """Create the file, or open that of an interrupted process.

        Args:
            folder: The folder of unfinished work.
            key: A text that names everything the content depends on.
            shape: The rows and columns.
        """
        name = hashlib.blake2b(key.encode(), digest_size=12).hexdigest()
        self.path = folder / f"{name}.npy"
        self._marker = folder / f"{name}.json"
        self._shape = shape
        self.done = self._read_done()
        if not self.done:
            with raising_write_error(self.path), raising_disk_full(self.path, 4 * shape[0] * shape[1]):
                _allocate(self.path, shape)

    def write(self, rows: slice, values: Matrix) -> None:
        """Write a block of rows durably, and mark it as complete."""
        with raising_disk_full(self.path, values.nbytes):
            out = np.load(self.path, mmap_mode="r+", allow_pickle=False)
            out[rows] = values
            out.flush()
        self.done = rows.stop
        jsonio.write(self._marker, _Progress(self.done))

    def read(self) -> Matrix:
        """Return the matrix, memory-mapped and read-only."""
        found: Matrix = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return found

    def give_to(self, path: Path) -> None:
        """Give the complete file a second path.

        Its first path stays until the work folder is removed, so that an interruption loses nothing.
        """
        with raising_write_error(path), raising_disk_full(path, self.path.stat().st_size):
            path.unlink(missing_ok=True)
            try:
                os.link(self.path, path)
            except OSError:  # the file system has no links
                shutil.copyfile(self.path, path)

    def _read_done(self) -> int:
        """Return the number of complete rows of an earlier process."""
        try:
            done = jsonio.as_type(jsonio.read(self._marker), _Progress).done
            known = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):  # nothing was computed yet, or a file was damaged
            return 0
        fits = known.shape == self._shape and known.dtype == np.float32 and 0 <= done <= self._shape[0]
        return done if fits else 0


def _allocate(path: Path, shape: tuple[int, int]) -> None:
    """Create the file and reserve its disk space.

    Without the reservation, a write to a mapped page would end the process if the disk is full.
    """
    open_memmap(path, mode="w+", dtype=np.float32, shape=shape).flush()
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
