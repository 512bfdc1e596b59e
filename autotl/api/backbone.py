"""A pretrained network as facts: where its weights are, what its stages are, what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from autotl.api.task import Applies

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DataConfig:
    """How the weights want their images. ``side`` is the native input size in pixels; ``fixed`` forbids
    others.
    """

    side: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float
    crop_mode: str
    fixed: bool


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a backbone comes from, as plain data that crosses processes.

    Attributes:
        name: What reports call the network.
        timm_name: What ``timm.create_model`` takes, ``local-dir:`` included.
        origin: Where it comes from, as told to a person.
        pretrained: Whether there are weights. Without them the network starts from random ones.
        folder: The local folder, if any; a source reference may be in it.
        args: Further arguments of ``timm.create_model`` for a network without weights, as JSON values.
        config: How a network without weights wants its images; None takes timm's configuration.
    """

    name: str
    timm_name: str
    origin: str
    pretrained: bool = True
    folder: Path | None = None
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)
    config: DataConfig | None = None


@runtime_checkable
class BackboneSource(Protocol):
    """A place backbones come from: the package itself, a folder, the timm hub, …"""

    name: str
    summary: str

    def offers(self) -> Sequence[str]:
        """Names worth listing, cheapest first. It may open names that it does not list."""
        ...

    def opens(self, name: str) -> Applies:
        """Whether ``name`` is mine. Looks at names and files only, never at the network."""
        ...

    def open(self, name: str) -> Weights:
        """Say where the weights are, fetching them if need be. Raises :class:`autotl.errors.WeightsError`."""
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A run of layers that freezes as one. ``module`` is the last module in it.

    ``flops`` is the share of the forward arithmetic spent up to the end of this stage, in [0, 1].
    ``channels`` and ``reduction`` describe the activations after it, as timm's ``feature_info`` does.
    """

    name: str
    module: str
    channels: int
    reduction: int
    flops: float


@dataclass(frozen=True, slots=True)
class SourceClass:
    """A class the source head knows: its id in the weights' config, and all the names it goes by."""

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a backbone runs: images a second at ``side`` pixels, forward and in training. Measured on this
    machine, but where a search is not limited by time: then it is what is usual.
    """

    side: int
    forward: float
    training: float

    def seconds(self, images: float, *, side: int, trained: float = 0.0) -> float:
        """Seconds for one pass over ``images`` at ``side`` pixels; ``trained`` is the share of the arithmetic
        that is also run backward (0: inference; 1: every layer).
        """
        forward, step = 1 / self.forward, 1 / self.training
        return images * (forward + trained * max(step - forward, 0.0)) * (side / self.side) ** 2


@dataclass(frozen=True, slots=True)
class Backbone:
    """The facts of an opened backbone, as strategies see them. ``sides`` are the image sizes worth trying for
    the task at hand, ascending; ``side`` is the recommended one for a pass over frozen layers.

    ``kept`` are the shares of the forward arithmetic behind which the maps of all training images at ``side``
    pixels are there already: what is frozen up to one of them, or beyond, starts from it. 1 stands for the
    pooled features, see :meth:`has_seen`.
    """

    name: str
    architecture: str
    origin: str
    digest: str
    weights: Weights
    stages: tuple[Stage, ...]
    features: int
    parameters: int
    config: DataConfig
    classes: tuple[SourceClass, ...]
    sides: tuple[int, ...]
    side: int
    pace: Pace
    kept: tuple[float, ...] = ()

    def has_seen(self, side: int) -> bool:
        """Whether the pooled features of all training images at ``side`` pixels are there already."""
        return side == self.side and 1.0 in self.kept


@dataclass(frozen=True, slots=True)
class Reference:
    """What the source images look like to a backbone.

    ``mean`` (d,), ``cov`` (d, d) or its diagonal (d,), and ``sample`` (m, d) of pooled features; ``n`` images
    were seen at ``side`` pixels. Where ``origin`` is ``"batchnorm"`` these are not pooled features but the
    running statistics of the last BatchNorm's input, and ``sample`` is drawn from that Gaussian.
    """

    mean: NDArray[np.float64]
    cov: NDArray[np.float64]
    sample: NDArray[np.float64]
    n: int
    side: int
    origin: Literal["shipped", "source images", "batchnorm"]
