"""Bound what a request may send, and what waits at once."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.cache import parse_size
from autotl.errors import ServingError

MB = 10**6


@dataclass(frozen=True, slots=True)
class ServingLimits:
    """The bounds of a request, and of all requests together.

    Attributes:
        upload: Most bytes of a request's body.
        files: Most images of a request.
        pixels: Most pixels of an image, checked in its header before it is decoded.
        requests: Most requests that are answered at once.
        waiting: Most images that wait for the network.
        batch: Images that the network gets together, unless one request has more.
        gather_seconds: How long a batch waits for images of further requests.
        read_seconds: The longest time in which a body may arrive.
    """

    upload: int = 20 * MB
    files: int = 32
    pixels: int = 50_000_000
    requests: int = 64
    waiting: int = 256
    batch: int = 16
    gather_seconds: float = 0.005
    read_seconds: float = 30.0


def upload_size(text: str | int) -> int:
    """Return a size in bytes, such as 20,000,000 for ``"20MB"``.

    Raises:
        ServingError: The text is no size above 0.
    """
    size = parse_size(text)
    if size is None or size <= 0:
        raise ServingError(f"max_upload must be a size above 0 such as '20MB' (got {text!r}).")
    return size
