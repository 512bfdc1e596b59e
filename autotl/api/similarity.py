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
    """A distance of the target's features from a source's; larger is farther.

    Each measure has its own zero and unit. autotl calibrates it against source-versus-source and
    source-versus-noise distances at the same number of rows.

    A measure that needs only the source's mean and variances may declare ``of_moments = True``. It is then
    also used if only BatchNorm's statistics are known of the source.

    A measure that declares ``steers = True`` takes part in decisions: the median of the calibrated values
    decides on default settings. Among the built-in ones it is the energy distance. Measures of moments and of
    layers take part only without features of source images. ``fit`` takes no other measures, ``analyze`` all.
    """

    name: str
    summary: str
    reference: str

    def distance(self, features: NDArray[np.float64], source: Reference) -> float:
        """Return the distance of ``features`` (n, d) from ``source``.

        The distance is finite for n of at least 2.
        """
        ...


@runtime_checkable
class LayerSimilarity(Protocol):
    """A similarity of every normalised layer, instead of the pooled features.

    It needs no source image: a BatchNorm holds the statistics of its layer's input on the source.
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
        """Return the distance of one layer's inputs on target and source.

        Args:
            mean: Mean of the layer's input on the target by channel, (c,).
            var: Variance on the target by channel, (c,).
            source_mean: Mean on the source by channel, (c,).
            source_var: Variance on the source by channel, (c,).
        """
        ...


AnySimilarity = Similarity | LayerSimilarity


@runtime_checkable
class SimilarityWithTest(Protocol):
    """A similarity that has a two-sample test."""

    def p_value(self, features: NDArray[np.float64], source: Reference) -> float:
        """Return the probability of so large a distance under the null hypothesis.

        Under the null hypothesis ``features`` (n, d) are those of source images.
        """
        ...


@dataclass(frozen=True, slots=True)
class LayerLikeness:
    """The similarity of one layer's input to the source's.

    ``calibrated`` is calibrated as in :class:`Likeness`. ``layer`` is a module's name, and ``depth`` the
    share of the forward pass before it, in [0, 1].
    """

    layer: str
    depth: float
    calibrated: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """A measured distance with its calibrated similarity.

    Attributes:
        value: The distance.
        calibrated: 1 for images like the source's, 0 for noise.
        ci95: 95 % interval of ``calibrated``, from random halves of the target's rows.
        reference: The origin of the source's statistics.
        p: p-value of a two-sample test against the source; None if the measure has no test.
        layers: Likeness of each layer in the order of the forward pass; empty unless the measure compares
            layers.
    """

    value: float
    calibrated: float
    ci95: tuple[float, float]
    reference: str
    p: float | None = None
    layers: tuple[LayerLikeness, ...] = ()
