"""Keep freed memory for the next tensors while a network runs."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

ENVIRONMENT_SWITCH = "AUTOTL_KEEP_MEMORY"

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # <malloc.h>
UNLIMITED = -1  # a threshold above any size
MIB = 2**20

# The allocator belongs to the process: the first open block sets it, the last closed block resets it.
_lock = threading.Lock()
_open_blocks = 0


@contextmanager
def keep_freed_memory(on: bool = True) -> Iterator[None]:
    """Let glibc keep freed memory for the next tensors within the block.

    By default glibc maps large activations of a CPU network anew. The page faults cost up to a third of a
    small network's training step. Keeping the memory costs about a tenth more at the peak. Blocks may be
    nested, and open in several threads.

    Nothing changes with ``on=False``, with ``AUTOTL_KEEP_MEMORY=0`` in the environment, or without glibc.
    An environment that tunes malloc or preloads another allocator is respected too.
    """
    global _open_blocks
    libc = _glibc() if on and _is_untuned(os.environ) else None
    if libc is None:
        yield
        return
    with _lock:
        _open_blocks += 1
        if _open_blocks == 1:
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, UNLIMITED)
    try:
        yield
    finally:
        with _lock:
            _open_blocks -= 1
            if _open_blocks == 0:
                _reset(libc)


def _reset(libc: ctypes.CDLL) -> None:
    """Return freed memory, and set the thresholds that glibc reaches itself.

    glibc adapts its thresholds up to these values, but any mallopt call pins them. Pinned at their initial
    128 KiB, they would slow down the rest of the process.
    """
    libc.mallopt(M_MMAP_MAX, 65536)
    libc.mallopt(M_MMAP_THRESHOLD, 32 * MIB)
    libc.mallopt(M_TRIM_THRESHOLD, 64 * MIB)
    libc.malloc_trim(0)


def _is_untuned(environ: Mapping[str, str]) -> bool:
    """Return whether the environment leaves the allocator to autotl."""
    own = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")
    return not (
        environ.get(ENVIRONMENT_SWITCH) == "0"
        or any(name in environ for name in own)
        or "glibc.malloc." in environ.get("GLIBC_TUNABLES", "")
        or "malloc" in environ.get("LD_PRELOAD", "")  # jemalloc, tcmalloc, mimalloc
    )


def _glibc() -> ctypes.CDLL | None:
    """Return the C library if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt.argtypes = ctypes.c_int, ctypes.c_int
        libc.malloc_trim.argtypes = (ctypes.c_size_t,)
    except (OSError, AttributeError):
        return None  # another C library, such as musl
    return libc
