"""The error of a resumed run whose data has changed."""

from __future__ import annotations

from autotl.errors import RunError


def digests(then: str, now: str) -> str:
    """Return the beginnings of two digests."""
    return f"digest {then[:12]} then, {now[:12]} now"


def changed(difference: str) -> RunError:
    """Return the error for a run whose data has changed."""
    return RunError(
        f"This run cannot be resumed on other data: {difference}. "
        "Give the data as it was, or start a new run in another folder."
    )
