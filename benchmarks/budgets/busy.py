"""Keep cores busy beside a run, and leave none busy afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 3600
"""Seconds after which a loop ends by itself, even if nobody is left to end it."""
LOOP = f"import time; end = time.monotonic() + {LONGEST}\nwhile time.monotonic() < end: pass"


@contextmanager
def busy_loops(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run so many programs that each take a core; they are ended with the block, however that ends."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            loops.append(subprocess.Popen([sys.executable, "-c", LOOP]))
        yield loops
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
