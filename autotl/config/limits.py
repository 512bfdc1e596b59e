"""Read and word the limits that the delivered network must keep."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.cache import parse_size
from autotl.clock import parse_latency
from autotl.errors import LimitError

MB = 10**6


@dataclass(frozen=True, slots=True)
class Limits:
    """What the delivered network may take: ``latency`` in seconds for one image, ``size`` in bytes of its
    weights file. None is no limit.
    """

    latency: float | None = None
    size: int | None = None


def limits_of(max_latency: str | None, max_size: str | int | None) -> Limits:
    """Read ``"5ms"`` and ``"10MB"`` (a plain number is bytes). Raises LimitError."""
    latency: float | None = None
    size: int | None = None
    if max_latency is not None:
        latency = parse_latency(max_latency) if isinstance(max_latency, str) else None
        if latency is None:
            raise LimitError(f"Cannot read {max_latency!r} as a latency. Write it like '5ms' or '0.2s'.")
        if latency <= 0:
            raise LimitError("No network answers in no time. Give a latency above 0, such as '5ms'.")
    if max_size is not None:
        size = parse_size(max_size)
        if size is None:
            raise LimitError(f"Cannot read {max_size!r} as a size. Write it like '10MB' or '8MiB'.")
        if size <= 0:
            raise LimitError("No network takes no room. Give a size above 0, such as '10MB'.")
    return Limits(latency, size)


def in_ms(seconds: float) -> str:
    """Seconds as people read them here."""
    return f"{1000 * seconds:.3g} ms"


def in_mb(size: int) -> str:
    """Bytes as people read them here."""
    return f"{size / MB:.3g} MB"
