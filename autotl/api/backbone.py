"""The facts of a pretrained network: its weights, stages, speed and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from autotl.api.modality.configs import UNNAMED_MODALITY, InputConfig, ModalityName
from autotl.api.task import Applies

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DataConfig:
    """The form of the images that a network's weights expect.

    Attributes:
        input_size: Native input size in pixels.
        mean: Mean of each channel, for normalisation.
        std: Standard deviation of each channel, for normalisation.
        interpolation: Resampling filter by timm's name, such as ``"bicubic"``.
        crop_pct: timm's ``crop_pct``: input size divided by image size before the crop.
        crop_mode: timm's ``crop_mode``.
        fixed: Whether sizes other than ``input_size`` are forbidden.
    """

    input_size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float
    crop_mode: str
    fixed: bool

    modality: ClassVar[ModalityName] = "image"


@dataclass(frozen=True, slots=True)
class Weights:
    """The origin of a backbone, as plain data that crosses processes.

    Attributes:
        name: The network's name in reports.
        timm_name: The name for ``timm.create_model``, with ``local-dir:`` if the network is in a folder.
        origin: The origin as text for users.
        pretrained: Whether there are weights. A network without weights starts from random ones.
        folder: The local folder, if any; it may contain a source reference.
        args: Further arguments of ``timm.create_model`` for a network without weights, as JSON values.
        config: Image form of a network without weights; None takes timm's configuration.
        modality: The kind of inputs that the network takes. If timm does not create it, ``timm_name`` is the
            name of its architecture.
    """

    name: str
    timm_name: str
    origin: str
    pretrained: bool = True
    folder: Path | None = None
    args: Mapping[str, Any] = field(default_factory=dict, hash=False)
    config: DataConfig | None = None
    modality: ModalityName = UNNAMED_MODALITY


@runtime_checkable
class BackboneSource(Protocol):
    """A place that backbones come from.

    Examples are the package itself, a folder and the timm hub.
    """

    name: str
    summary: str

    def offers(self) -> Sequence[str]:
        """Return the names to list, cheapest first.

        A source may open names that it does not list.
        """
        ...

    def opens(self, name: str) -> Applies:
        """Return whether this source can open ``name``.

        Looks at names and files only, never at the network.
        """
        ...

    def open(self, name: str) -> Weights:
        """Return the weights' location, and fetch the weights if necessary.

        Raises:
            WeightsError: :class:`autotl.errors.WeightsError`, if the weights cannot be opened.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A group of consecutive layers that are frozen together.

    Attributes:
        name: The stage's name.
        module: Name of the stage's last module.
        channels: Channels of the activations after the stage, as in timm's ``feature_info``.
        reduction: Image size divided by activation size after the stage, as in timm's ``feature_info``.
        flops: Share of the forward arithmetic up to the end of this stage, in [0, 1].
    """

    name: str
    module: str
    channels: int
    reduction: int
    flops: float


@dataclass(frozen=True, slots=True)
class SourceClass:
    """A class of the source head.

    ``id`` is that of the weights' config. ``names`` are all names of the class.
    """

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """The speed of a backbone, forward and in training.

    ``forward`` and ``training`` are images a second at ``input_size`` pixels. The values are measured on this
    machine. They are typical values instead if time does not limit the search. The seconds of an image grow
    with this ``power`` of its size.
    """

    input_size: int
    forward: float
    training: float
    power: float = 2.0

    def seconds(self, images: float, *, input_size: int, trained: float = 0.0) -> float:
        """Return the seconds for one pass over some images.

        Args:
            images: Number of images.
            input_size: Image size in pixels.
            trained: Share of the arithmetic that also runs backward, in [0, 1]. 0 is inference; 1 trains
                every layer.
        """
        forward, step = 1 / self.forward, 1 / self.training
        growth: float = (input_size / self.input_size) ** self.power
        return images * (forward + trained * max(step - forward, 0.0)) * growth


@dataclass(frozen=True, slots=True)
class Backbone:
    """The facts of an opened backbone, as strategies see them.

    Attributes:
        name: The network's name in reports.
        architecture: timm's name of the architecture.
        origin: The origin as text for users.
        digest: Hash of the function that the network computes.
        weights: The origin as plain data.
        stages: The stages, in the order of the forward pass.
        features: Number of pooled features.
        parameters: Number of parameters.
        config: The form of the inputs that the weights expect.
        classes: The classes of the source head.
        input_sizes: Image sizes that are recommended for the task, in pixels, ascending.
        input_size: Recommended image size for a pass over frozen layers, in pixels.
        pace: Speed at ``pace.input_size`` pixels.
        kept: Shares of the forward arithmetic after which the activations of all training images, at
            ``input_size`` pixels, are already cached. Frozen layers up to or beyond such a share start from
            these activations. 1 stands for the pooled features, see :meth:`has_seen`.
        vectors: Number of scales, shifts and biases outside the head; None if it is unknown.
    """

    name: str
    architecture: str
    origin: str
    digest: str
    weights: Weights
    stages: tuple[Stage, ...]
    features: int
    parameters: int
    config: InputConfig
    classes: tuple[SourceClass, ...]
    input_sizes: tuple[int, ...]
    input_size: int
    pace: Pace
    kept: tuple[float, ...] = ()
    vectors: int | None = None

    def has_seen(self, input_size: int) -> bool:
        """Return whether features of all training images at ``input_size`` pixels are cached."""
        return input_size == self.input_size and 1.0 in self.kept


Origin = Literal["shipped", "source images", "token frequencies", "batchnorm"]
"""The origin of the statistics of a source."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Statistics of the source images' features under a backbone.

    Attributes:
        mean: Mean of the pooled features, (d,).
        cov: Covariance of the pooled features, (d, d), or its diagonal, (d,).
        sample: Pooled features of some source images, (m, d).
        n: Number of source images behind the statistics.
        input_size: Image size in pixels at which the source images were seen.
        origin: With ``"token frequencies"``, the statistics are of encoded texts, drawn by the expected
            frequencies of tokens. With ``"batchnorm"``, they are not of pooled features. They are the running
            statistics of the last BatchNorm's input, and ``sample`` is drawn from that Gaussian.
    """

    mean: NDArray[np.float64]
    cov: NDArray[np.float64]
    sample: NDArray[np.float64]
    n: int
    input_size: int
    origin: Origin
