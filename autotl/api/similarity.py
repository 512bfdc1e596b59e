"""The contract of a distance between the target's features and a source's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from autotl.api.backbone import Reference

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@runtime_checkable
class Similarity(Protocol):
    """Measures how far a target's features lie from a source's. Larger is farther; the zero and the unit are
    its own: autotl calibrates it against source-versus-source and source-versus-noise at the same number of
    rows.
    """

    name: str
    summary: str
    reference: str

    def distance(self, features: NDArray[np.float64], source: Reference) -> float:
        """The distance of ``features`` (n, d) from ``source``; finite for n of at least 2."""
        ...


@dataclass(frozen=True, slots=True)
class Likeness:
    """A measured distance and what it means: ``calibrated`` is 1 for images like the source's own and 0 for
    noise, with a 95 % bootstrap interval over the target's rows.
    """

    value: float
    calibrated: float
    ci95: tuple[float, float]
    reference: str
