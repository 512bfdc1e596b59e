"""How much memory this process has held at most."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource


def peak_memory() -> float | None:
    """The most memory this process has held, in MB; None where the system does not say."""
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
