"""A content-addressed store of arrays on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray


class Store:
    """Arrays that are computed once and memory-mapped afterwards.

    An entry appears whole or not at all: it is filled under another name and renamed when complete, so a
    killed process leaves nothing that could be served, and two processes making the same entry do no harm.

    >>> store = Store(tmp_path)
    >>> store.array({"what": "zeros"}, (2,), np.float32, lambda out: out.fill(0))
    array([0., 0.], dtype=float32)
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, NDArray[Any]] = {}

    def array(
        self,
        key: Mapping[str, Any],
        shape: tuple[int, ...],
        dtype: Any,
        fill: Callable[[NDArray[Any]], None],
    ) -> NDArray[Any]:
        """The array this key stands for; changes to it are not kept. ``fill`` computes it into a given one if
        it is not there yet.

        The key must name all that the content depends on, as plain JSON data.
        """
        name = hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=16).hexdigest()
        if name not in self._open:
            path = self._folder / f"{name}.npy"
            if not path.exists():
                self._make(path, shape, dtype, fill)
            self._open[name] = np.load(path, mmap_mode="c", allow_pickle=False)
        return self._open[name]

    def _make(
        self, path: Path, shape: tuple[int, ...], dtype: Any, fill: Callable[[NDArray[Any]], None]
    ) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.part")
        try:
            out = open_memmap(temporary, mode="w+", dtype=dtype, shape=shape)
            fill(out)
            out.flush()
            del out
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
