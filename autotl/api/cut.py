"""Images before normalisation, and models whose frozen layers run once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from autotl.api.learner import Rows

if TYPE_CHECKING:
    from torch import Tensor, nn


class Images(Protocol):
    """Images, uint8 (rows, 3, height, width).

    Either a tensor, or an object that decodes the images when they are requested.
    """

    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> Tensor: ...


class Cut(Protocol):
    """A model whose frozen first layers run once, with cached outputs.

    Attributes:
        suffix: The rest of the model: activations in, outputs out. It shares the model's layers and follows
            its mode.
        views: Largest number of differently augmented views of the training images that are kept.
    """

    @property
    def suffix(self) -> nn.Module: ...
    @property
    def views(self) -> int: ...

    def activations(self, view: int = 0) -> Rows[Tensor]:
        """Return the outputs of the frozen layers in one augmented view.

        The first call for a view runs the frozen layers. Training images are seen in that view, validation
        images as in evaluation.

        Returns:
            float16 or bfloat16 (rows, …), in the order of the targets.
        """
        ...
