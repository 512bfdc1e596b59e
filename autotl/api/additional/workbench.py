"""The part of a workbench for images besides the labelled ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from autotl.api.cut import Images

if TYPE_CHECKING:
    from torch import Tensor


class AdditionalRows(Protocol):
    """A set of additional images, on the backbone of a workbench.

    No row is a copy of a training, validation or test image. Rows are the same for all folds and trials.
    """

    def __len__(self) -> int: ...

    def features(self, *, input_size: int) -> Tensor:
        """Return pooled features of the frozen backbone.

        They are computed once and kept on disk, as those of :meth:`Workbench.features`.

        Returns:
            float32 (rows, features).
        """
        ...

    def inputs(self, *, input_size: int, augmented: bool = False) -> Images:
        """Return images before normalisation, decoded once and kept on disk.

        Args:
            input_size: Image size in pixels that the network sees in evaluation.
            augmented: With True, the rows have the margin that random crops need.

        Returns:
            uint8 (rows, 3, height, width).
        """
        ...

    def targets(self) -> Tensor | None:
        """Return indices of the images' own classes, int64 (rows,); None without labels.

        Labels of the place of use are never given.
        """
        ...

    def keep(self, key: str, compute: Callable[[], Tensor]) -> Tensor:
        """Return a tensor that all folds and trials of the strategy share.

        It is computed once a run, and kept on disk. It may depend on these images and the backbone, but on no
        labelled image and no seed of a trial.

        Args:
            key: Names the tensor, and all that the tensor depends on, except for the images and the backbone.
            compute: Returns the tensor, if it is not kept yet.

        Returns:
            The tensor, on the CPU.
        """
        ...

    def check_cancelled(self) -> None:
        """Raise an error if the trial has to end.

        Call it often in long work.
        """
        ...


class AdditionalWorkbench(Protocol):
    """The method of :class:`~autotl.api.Workbench` for additional images."""

    def additional(self, role: str) -> AdditionalRows:
        """Return the images of a role, such as ``"unlabelled"``.

        ``task.additional`` has the roles that were given. A strategy that calls this names the roles in its
        attribute ``additional``.

        Raises:
            TrainingError: :class:`autotl.errors.TrainingError`, if there are no such images.
        """
        ...
