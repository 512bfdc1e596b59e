"""Keep cores busy during a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MAX_SECONDS = 3600
"""Seconds after which a loop ends by itself, in case it is not killed."""
LOOP = f"import time; end = time.monotonic() + {MAX_SECONDS}\nwhile time.monotonic() < end: pass"


@contextmanager
def busy_loops(count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run ``count`` programs that use a core each, and kill them at the end of the block."""
    loops: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            loops.append(subprocess.Popen([sys.executable, "-c", LOOP]))
        yield loops
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
