"""Read and word the limits of the final model."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.cache import parse_size
from autotl.clock import parse_latency
from autotl.errors import LimitError

MB = 10**6


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of the final model; None is no limit.

    ``latency`` is in seconds for one image, ``size`` in bytes of the weights file.
    """

    latency: float | None = None
    size: int | None = None


def limits_of(max_latency: str | None, max_size: str | int | None) -> Limits:
    """Read ``"5ms"`` and ``"10MB"`` (a plain number is bytes).

    Raises:
        LimitError: A limit cannot be read, or is not positive.
    """
    return Limits(
        None if max_latency is None else _latency(max_latency), None if max_size is None else _size(max_size)
    )


def _latency(text: str) -> float:
    latency = parse_latency(text) if isinstance(text, str) else None
    if latency is None:
        raise LimitError(f"max_latency must be a time such as '5ms' or '0.2s' (got {text!r}).")
    if latency <= 0:
        raise LimitError(f"max_latency must be positive (got {text!r}). Give a time such as '5ms'.")
    return latency


def _size(text: str | int) -> int:
    size = parse_size(text)
    if size is None:
        raise LimitError(f"max_size must be a size such as '10MB' or '8MiB' (got {text!r}).")
    if size <= 0:
        raise LimitError(f"max_size must be positive (got {text!r}). Give a size such as '10MB'.")
    return size


def in_ms(seconds: float) -> str:
    """Format seconds as milliseconds."""
    return f"{1000 * seconds:.3g} ms"


def in_mb(size: int) -> str:
    """Format bytes as megabytes."""
    return f"{size / MB:.3g} MB"
