"""Store arrays on disk under content keys, within a size limit."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from autotl.cache.lock import file_lock, is_abandoned
from autotl.errors import CacheError

Array = NDArray[Any]
Fill = Callable[[Array], object]

FREE_FRACTION = 0.5
"""The default size limit, as a fraction of the free disk space."""
MAX_BYTES = 20 * 2**30
"""The largest default size limit."""


class Store:
    """Arrays that are computed once and memory-mapped afterwards.

    An entry is written under another name and renamed when it is complete, so a killed process leaves no
    partial entry. If two processes need the same entry, one computes it and the other waits. The entries
    unused for the longest time are deleted to make room. A process that still reads a deleted entry keeps it.

    >>> store = Store(tmp_path)
    >>> store.array({"what": "zeros"}, (2,), np.float32, lambda out: out.fill(0))
    array([0., 0.], dtype=float32)

    Args:
        folder: The folder of the entries, created when it is needed.
        bound: The size limit of all entries, in bytes; by default half of the free space, at most 20 GiB.
    """

    def __init__(self, folder: Path, *, bound: int | None = None) -> None:
        self._folder = folder
        self._bound = bound

    @property
    def bound(self) -> int:
        """The size limit of all entries, in bytes."""
        if self._bound is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._bound = min(MAX_BYTES, int(FREE_FRACTION * shutil.disk_usage(self._folder).free))
        return self._bound

    def array(self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, fill: Fill) -> Array:
        """Return the array of a key; compute it if missing.

        Args:
            key: Everything that the content depends on, as plain JSON data.
            shape: Shape of the array.
            dtype: Its dtype.
            fill: Computes the content into an array of this shape.

        Returns:
            A memory-mapped array; changes to it are not saved.

        Raises:
            CacheError: If the array is larger than the size limit, or the disk is full.
        """
        while (found := self.find(key)) is None:
            with self.create(key, shape, dtype) as out:
                if out is not None:
                    fill(out)
        return found

    def array_if_done(
        self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, fill: Callable[[Array], bool]
    ) -> Array:
        """Return the array of a key; store it only if complete.

        It is complete if ``fill`` returns True.

        Args:
            key: As for :meth:`array`.
            shape: Shape of the array.
            dtype: Its dtype.
            fill: Computes the content, and returns whether it is complete.
        """
        if (found := self.find(key)) is not None:
            return found
        made: Array = np.empty(shape, dtype=dtype)
        if fill(made):
            self.array(key, shape, dtype, lambda out: np.copyto(out, made))
        return made

    def find(self, key: Mapping[str, Any]) -> Array | None:
        """Return the array of a key; None if it is not stored."""
        path = self._path(key)
        try:
            found: Array = np.load(path, mmap_mode="c", allow_pickle=False)
            os.utime(path)  # marks the entry as recently used
        except FileNotFoundError:
            return None
        except (OSError, ValueError):  # truncated by a power failure
            path.unlink(missing_ok=True)
            return None
        return found

    def fits(self, shape: tuple[int, ...], dtype: Any, *, share: float = 1.0) -> bool:
        """Whether an array is small enough for the store.

        Args:
            shape: Shape of the array.
            dtype: Its dtype.
            share: The fraction of the size limit that it may use, in (0, 1].
        """
        return _size(shape, dtype) <= share * self.bound

    @contextmanager
    def create(self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any) -> Iterator[Array | None]:
        """Yield an empty array, and store it if no error occurs.

        Args:
            key: As for :meth:`array`.
            shape: Shape of the array.
            dtype: Its dtype.

        Yields:
            The array to fill; None if another process has stored it meanwhile.

        Raises:
            CacheError: If the array is larger than the size limit, or the disk is full.
        """
        path = self._path(key)
        if not self.fits(shape, dtype):
            raise CacheError(
                f"An array of {_size(shape, dtype) / 2**20:,.0f} MiB is larger than the whole cache, which "
                f"may take {self.bound / 2**20:,.0f} MiB. Give --cache (cache=) more."
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with file_lock(part) as descriptor:
            if path.exists():
                part.unlink(missing_ok=True)
                yield None
                return
            try:
                self._make_room(_size(shape, dtype))
                out = _allocate(part, descriptor, shape, dtype)
                yield out
                out.flush()
                del out
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise

    def _path(self, key: Mapping[str, Any]) -> Path:
        name = hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=16).hexdigest()
        return self._folder / f"{name}.npy"

    def _make_room(self, needed: int) -> None:
        """Delete abandoned files, and the entries unused for the longest time."""
        entries = []
        for entry in self._folder.iterdir():
            if entry.suffix == ".part" and is_abandoned(entry):
                entry.unlink(missing_ok=True)
            with suppress(FileNotFoundError):  # another process may delete entries at the same time
                found = entry.stat()
                entries.append((found.st_mtime_ns, found.st_size, entry))
        entries = [entry for entry in entries if entry[2].suffix == ".npy"]
        used = sum(size for _, size, _ in entries)
        for _, size, entry in sorted(entries):
            if used + needed <= self.bound:
                return
            entry.unlink(missing_ok=True)
            used -= size


def _size(shape: tuple[int, ...], dtype: Any) -> int:
    return math.prod(shape) * int(np.dtype(dtype).itemsize)


def _allocate(part: Path, descriptor: int, shape: tuple[int, ...], dtype: Any) -> Any:
    """Map an array to the file, and reserve its disk space.

    A full disk raises an error here. Without the reservation, a write to a mapped page would end the process.
    """
    out = open_memmap(part, mode="w+", dtype=dtype, shape=shape)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, max(1, part.stat().st_size))
    except OSError as error:
        raise CacheError(
            f"The cache cannot take {_size(shape, dtype) / 2**20:,.0f} MiB in {part.parent}: "
            f"{error.strerror}. Free some space, or give --cache (cache=) less."
        ) from error
    return out
