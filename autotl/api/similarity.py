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
    rows. One that needs no more than the source's mean and variances may say so with ``of_moments = True``:
    it is then used as well where nothing but BatchNorm's statistics is known of the source.
    """

    name: str
    summary: str
    reference: str

    def distance(self, features: NDArray[np.float64], source: Reference) -> float:
        """The distance of ``features`` (n, d) from ``source``; finite for n of at least 2."""
        ...


@runtime_checkable
class LayerSimilarity(Protocol):
    """A similarity that looks at every normalised layer rather than at the pooled features.

    It needs no source image: a BatchNorm remembers what its layer's input was like on the source.
    """

    name: str
    summary: str
    reference: str

    def layer_distance(
        self,
        mean: NDArray[np.float64],
        var: NDArray[np.float64],
        source_mean: NDArray[np.float64],
        source_var: NDArray[np.float64],
    ) -> float:
        """How far one layer's input on the target, by channel (c,), lies from what it was on the source."""
        ...


AnySimilarity = Similarity | LayerSimilarity


@runtime_checkable
class SimilarityWithTest(Protocol):
    """A similarity that comes with a two-sample test."""

    def p_value(self, features: NDArray[np.float64], source: Reference) -> float:
        """The probability of so large a distance, were ``features`` (n, d) images of the source."""
        ...


@dataclass(frozen=True, slots=True)
class LayerLikeness:
    """How like the source one layer's input is, calibrated as in :class:`Likeness`; ``layer`` is a module's
    name, ``depth`` the share of the forward pass before it, in [0, 1].
    """

    layer: str
    depth: float
    calibrated: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A measured distance and what it means: ``calibrated`` is 1 for images like the source's own and 0 for
    noise, with a 95 % interval from random halves of the target's rows.

    ``p`` is that of a two-sample test against the source, where the measure has one. ``layers`` are in the
    order of the forward pass, where it looks at layers.
    """

    value: float
    calibrated: float
    ci95: tuple[float, float]
    reference: str
    p: float | None = None
    layers: tuple[LayerLikeness, ...] = ()
