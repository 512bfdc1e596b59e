"""Keep freed memory in the process, so that large tensors are not mapped and unmapped at every step."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # <malloc.h>
DEFAULT_TRIM, DEFAULT_MMAP_MAX = 128 * 1024, 65536


def keep_freed_memory(on: bool = True) -> bool:
    """Tell glibc to keep freed memory (or, with ``on=False``, to go back to its defaults); False elsewhere.

    With the defaults every activation of a CPU network is a fresh mapping whose pages fault in one by one,
    which takes more than half the time of small-model inference. The price: the process stays at its peak
    memory.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False  # another C library, such as musl
    if on:
        return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
    return bool(mallopt(M_MMAP_MAX, DEFAULT_MMAP_MAX)) and bool(mallopt(M_TRIM_THRESHOLD, DEFAULT_TRIM))
