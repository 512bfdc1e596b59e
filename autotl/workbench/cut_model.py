"""A model whose frozen first layers run once, on a workbench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, overload

from torch import Tensor, nn

from autotl.api import Rows
from autotl.data import LazyImages
from autotl.workbench.activation_cache import ViewSpec


class ActivationSource(Protocol):
    """Provides the activations of a fold."""

    @property
    def augmented_rows(self) -> int: ...
    def activations(self, cut_point: str, view: ViewSpec) -> Rows[Tensor]: ...


@dataclass(frozen=True, slots=True)
class CutModel:
    """A :class:`~autotl.api.Cut` on a workbench.

    Attributes:
        workbench: Provides the activations.
        suffix: The layers behind the cut.
        views: Number of cached views.
        cut_point: The name of the module behind which the network is cut.
        input_size: Image size in pixels.
        augment: A name of AUGMENTATIONS.
        through: Number of the stages that are cut off.
    """

    workbench: ActivationSource
    suffix: nn.Module
    views: int
    cut_point: str
    input_size: int
    augment: str
    through: int

    def activations(self, view: int = 0) -> Rows[Tensor]:
        """See :class:`~autotl.api.Cut`."""
        spec = ViewSpec(self.input_size, self.workbench.augmented_rows, self.augment, view)
        return self.workbench.activations(self.cut_point, spec)


@overload
def take_rows(values: Tensor, rows: Tensor) -> Tensor: ...
@overload
def take_rows(values: Tensor | LazyImages, rows: Tensor) -> Tensor | LazyImages: ...
def take_rows(values: Tensor | LazyImages, rows: Tensor) -> Tensor | LazyImages:
    """Return the rows, without a copy if they are contiguous."""
    if isinstance(values, LazyImages):
        return values.only(rows)
    if len(rows) and bool((rows[1:] - rows[:-1] == 1).all()):
        return values[int(rows[0]) : int(rows[-1]) + 1]
    return values[rows]
