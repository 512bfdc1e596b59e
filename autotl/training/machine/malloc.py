"""Keep freed memory while a network runs, so that large tensors are not mapped anew at every step."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

SWITCH = "AUTOTL_KEEP_MEMORY"

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # <malloc.h>
NEVER = -1  # as a threshold: larger than any size
MIB = 2**20

# The allocator belongs to the process: the first block that opens sets it, the last that closes resets it.
_lock = threading.Lock()
_open = 0


@contextmanager
def freed_memory_kept(on: bool = True) -> Iterator[None]:
    """Within the block glibc keeps freed memory for the next tensors; afterwards it is given back.

    With glibc's defaults large activations of a CPU network are fresh mappings whose pages fault in one by
    one, which takes up to a third of a small network's training step. The price: about a tenth more memory at
    the peak, and the process stays there until the block ends. Blocks may be nested, and open in several
    threads.

    Does nothing with ``on=False``, with ``AUTOTL_KEEP_MEMORY=0`` in the environment, where the environment
    already tunes malloc or preloads another one, and on systems without glibc.
    """
    global _open
    libc = _glibc() if on and _untouched(os.environ) else None
    if libc is None:
        yield
        return
    with _lock:
        _open += 1
        if _open == 1:
            libc.mallopt(M_MMAP_MAX, 0)
            libc.mallopt(M_TRIM_THRESHOLD, NEVER)
    try:
        yield
    finally:
        with _lock:
            _open -= 1
            if _open == 0:
                _reset(libc)


def _reset(libc: ctypes.CDLL) -> None:
    """Give freed memory back, and go on as glibc does by itself once a large block has been freed.

    Its thresholds move with use, up to these; any mallopt pins them, and pinned where they start (128 KiB)
    the rest of the process would be slower than it was before.
    """
    libc.mallopt(M_MMAP_MAX, 65536)
    libc.mallopt(M_MMAP_THRESHOLD, 32 * MIB)
    libc.mallopt(M_TRIM_THRESHOLD, 64 * MIB)
    libc.malloc_trim(0)


def _untouched(environ: Mapping[str, str]) -> bool:
    """Whether the user has left the choice to us."""
    own = ("MALLOC_MMAP_MAX_", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_")
    return not (
        environ.get(SWITCH) == "0"
        or any(name in environ for name in own)
        or "glibc.malloc." in environ.get("GLIBC_TUNABLES", "")
        or "malloc" in environ.get("LD_PRELOAD", "")  # jemalloc, tcmalloc, mimalloc
    )


def _glibc() -> ctypes.CDLL | None:
    """The C library, if it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt.argtypes = ctypes.c_int, ctypes.c_int
        libc.malloc_trim.argtypes = (ctypes.c_size_t,)
    except (OSError, AttributeError):
        return None  # another C library, such as musl
    return libc
