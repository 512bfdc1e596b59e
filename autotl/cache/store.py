"""A content-addressed store of arrays on disk."""

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

from autotl.cache.lock import abandoned, locked
from autotl.errors import CacheError

Array = NDArray[Any]
Fill = Callable[[Array], object]

FREE_SHARE, MOST = 0.5, 20 * 2**30
"""What a store may take unless it is told: half of what is free on its disk, and no more than 20 GiB."""


class Store:
    """Arrays that are computed once and memory-mapped afterwards, at most ``bound`` bytes of them.

    An entry appears whole or not at all: it is filled under another name and renamed when complete, so a
    killed process leaves nothing that could be served. Where two processes want the same entry, one fills it
    and the other waits. Those longest unused make room for new ones; whoever still reads one keeps it.

    >>> store = Store(tmp_path)
    >>> store.array({"what": "zeros"}, (2,), np.float32, lambda out: out.fill(0))
    array([0., 0.], dtype=float32)
    """

    def __init__(self, folder: Path, *, bound: int | None = None) -> None:
        self._folder = folder
        self._bound = bound

    @property
    def bound(self) -> int:
        """The bytes that all entries together may take."""
        if self._bound is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._bound = min(MOST, int(FREE_SHARE * shutil.disk_usage(self._folder).free))
        return self._bound

    def array(self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, fill: Fill) -> Array:
        """The array this key stands for; changes to it are not kept. ``fill`` computes it into a given one if
        it is not there yet.

        The key must name all that the content depends on, as plain JSON data. Raises CacheError where the
        array is larger than the bound or the disk is full.
        """
        while (found := self.find(key)) is None:
            with self.making(key, shape, dtype) as out:
                if out is not None:
                    fill(out)
        return found

    def array_if_done(
        self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any, fill: Callable[[Array], bool]
    ) -> Array:
        """Return the array of :meth:`array`, but keep it only if ``fill`` returns that it is complete."""
        if (found := self.find(key)) is not None:
            return found
        made: Array = np.empty(shape, dtype=dtype)
        if fill(made):
            self.array(key, shape, dtype, lambda out: np.copyto(out, made))
        return made

    def find(self, key: Mapping[str, Any]) -> Array | None:
        """The array this key stands for, if it is there."""
        path = self._path(key)
        try:
            found: Array = np.load(path, mmap_mode="c", allow_pickle=False)
            os.utime(path)  # used just now: the others go first
        except FileNotFoundError:
            return None
        except (OSError, ValueError):  # cut short by a power failure
            path.unlink(missing_ok=True)
            return None
        return found

    def fits(self, shape: tuple[int, ...], dtype: Any, *, share: float = 1.0) -> bool:
        """Whether an array of this shape takes no more than ``share`` of the bound."""
        return _size(shape, dtype) <= share * self.bound

    @contextmanager
    def making(self, key: Mapping[str, Any], shape: tuple[int, ...], dtype: Any) -> Iterator[Array | None]:
        """An empty array to fill, which becomes the entry when the block ends well; None where another
        process has made it meanwhile.
        """
        path = self._path(key)
        if not self.fits(shape, dtype):
            raise CacheError(
                f"An array of {_size(shape, dtype) / 2**20:,.0f} MiB is larger than the whole cache, which "
                f"may take {self.bound / 2**20:,.0f} MiB. Give --cache (cache=) more."
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with locked(part) as descriptor:
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

    def _make_room(self, wanted: int) -> None:
        entries = []
        for entry in self._folder.iterdir():
            if entry.suffix == ".part" and abandoned(entry):
                entry.unlink(missing_ok=True)
            with suppress(FileNotFoundError):  # another process has just made room itself
                found = entry.stat()
                entries.append((found.st_mtime_ns, found.st_size, entry))
        entries = [entry for entry in entries if entry[2].suffix == ".npy"]
        taken = sum(size for _, size, _ in entries)
        for _, size, entry in sorted(entries):
            if taken + wanted <= self.bound:
                return
            entry.unlink(missing_ok=True)
            taken -= size


def _size(shape: tuple[int, ...], dtype: Any) -> int:
    return math.prod(shape) * int(np.dtype(dtype).itemsize)


def _allocate(part: Path, descriptor: int, shape: tuple[int, ...], dtype: Any) -> Any:
    """The mapped array in ``part``, its disk space taken at once: a full disk is an error here, where a write
    to a mapped page would end the process.
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
