"""The contract of a kind of input, such as images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from autotl.api.backbone import Weights
from autotl.api.modality.configs import ModalityName

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from torch import Tensor, nn


class InputView(Protocol):
    """A fixed encoding of inputs as arrays of one shape.

    Attributes:
        key: The name of the encoding in cache keys; equal encodings have equal keys.
        shape: The shape of one encoded input.
        dtype: The type of its numbers.
    """

    @property
    def key(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...

    def transform(self) -> Callable[[Any], NDArray[Any]]:
        """Return a function from one input to its array of ``shape``."""
        ...


class ToBatch(Protocol):
    """Converts encoded inputs (rows, …) to what a network takes.

    Attributes:
        device: Receives the inputs.
    """

    @property
    def device(self) -> str: ...

    def __call__(self, encoded: Tensor, /) -> Tensor: ...

    def on_device(self, device: str) -> ToBatch:
        """Return the same conversion for another device."""
        ...


@runtime_checkable
class Modality(Protocol):
    """A kind of input.

    Configurations are those of its networks: :class:`DataConfig` for images, :class:`TextConfig` for texts.

    Attributes:
        name: Its name, which data sets, weights and configurations carry.
        noun: One input in words, such as ``"image"``.
        augmentations: The names of the random views that a training may use, ``"none"`` first.
        cost_power: The time for an input grows with this power of its size.
        backbones: The names of backbones that are used if the user names none, best first; () if they are
            chosen by device and budget.
    """

    name: ModalityName
    noun: str
    augmentations: tuple[str, ...]
    cost_power: float
    backbones: tuple[str, ...]

    def view(self, config: Any, *, input_size: int, margin: bool = False) -> InputView:
        """Return the encoding that weights expect.

        Args:
            config: The configuration of the weights.
            input_size: The size of the encoded inputs, in pixels or tokens.
            margin: Whether to keep a margin for random crops, if the modality has any.
        """
        ...

    def to_batch(self, config: Any, device: str) -> ToBatch:
        """Return the conversion of encoded inputs to what a network takes.

        Args:
            config: The configuration of the weights.
            device: Receives the inputs.
        """
        ...

    def input_sizes(self, config: Any, typical_size: int) -> tuple[int, ...]:
        """Return the sizes that are worth trying, ascending.

        Args:
            config: The configuration of the weights.
            typical_size: The typical size of the data's inputs.
        """
        ...

    def typical_size(self, table: pd.DataFrame) -> int:
        """Return the typical size of the inputs in the rows of :attr:`autotl.api.Dataset.table`."""
        ...

    def create(self, weights: Weights, *, pretrained: bool) -> nn.Module | None:
        """Return a network on the CPU, with its source head.

        It is None if timm creates the networks.

        The caller seeds the random numbers of a network without weights.

        Args:
            weights: The address of the weights.
            pretrained: Whether to load the weights.
        """
        ...
