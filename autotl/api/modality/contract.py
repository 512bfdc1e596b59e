"""The contract of a kind of input, such as images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from autotl.api.backbone import Weights
from autotl.api.dataset import Dataset, Listing, Reader
from autotl.api.modality.configs import InputConfig, ModalityName
from autotl.api.modality.parts import DeliveredNetwork, InputWords, NamedInput, ReadingBudget
from autotl.api.pixel_scale import PixelScale

if TYPE_CHECKING:
    from pathlib import Path

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

    Configurations are those of its networks, see :class:`InputConfig`. Loading a plugin must be fast, so its
    methods import torch and other large packages themselves.

    Attributes:
        api: The version of the plugin API that the modality is written for, as a number.
        name: Its name, which listings, data sets, weights, configurations and model folders carry.
        summary: One line for ``autotl plugins``.
        noun: One input in words, such as ``"image"``. Its plural adds an s.
        augmentations: The names of the random views that a training may use, ``"none"`` first.
        cost_power: The time for an input grows with this power of its size.
        backbones: The names of backbones that are used if the user names none, best first; () if they are
            chosen by device and budget.
        supports: Further uses of its inputs, of ``"additional"`` sets, ``"explain"``, ``"export"`` and
            ``"serve"``. Texts have ``"additional"``, a plugin's modality has ().
        words: Words and examples for sentences and reports.
    """

    api: int
    name: ModalityName
    summary: str
    noun: str
    augmentations: tuple[str, ...]
    cost_power: float
    backbones: tuple[str, ...]
    supports: tuple[str, ...]
    words: InputWords

    def read(self, source: object, listing: Listing, budget: ReadingBudget) -> Dataset:
        """Read what a reader has listed.

        The openers of the data set return what :meth:`InputView.transform` takes.
        :func:`autotl.toolbox.assemble` makes its table.

        Args:
            source: The source, for errors.
            listing: The inputs with their targets.
            budget: How many to read.

        Raises:
            DataError: :class:`autotl.errors.DataError`, if too many inputs cannot be read.
        """
        ...

    def list_inputs(
        self,
        given: Any,
        *,
        readers: Callable[[], Mapping[str, Reader]],
        column: str | None,
        scale: PixelScale | None,
    ) -> Iterator[NamedInput]:
        """Yield the inputs of a prediction, one at a time.

        Args:
            given: What the user gave: inputs, paths or a table.
            readers: Returns the readers by name; called only if they are needed.
            column: The column of a table that holds the inputs; None to find it.
            scale: The pixel scale of a model for images.

        Raises:
            DataError: :class:`autotl.errors.DataError`, if ``given`` has another form.
        """
        ...

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

    def write_network(self, folder: Path, network: DeliveredNetwork) -> None:
        """Write ``config.json`` and ``model.safetensors`` into a model folder.

        ``config.json`` has the name of the modality in ``"modality"``; folders of images name none.

        Args:
            folder: The folder; a loader of a head that is not linear is there already.
            network: The network, with further entries of ``config.json``.
        """
        ...

    def load_network(self, folder: Path) -> tuple[dict[str, Any], nn.Module, InputConfig]:
        """Return the content of ``config.json``, the network and its configuration.

        A head that is not linear is missing. Any error means that the folder is damaged.
        """
        ...
