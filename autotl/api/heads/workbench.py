"""The part of a workbench for heads that are not linear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from autotl.api.heads.contract import HeadSpec
from autotl.api.learner import Rows, Score

if TYPE_CHECKING:
    from torch import Tensor, nn


class HeadWorkbench(Protocol):
    """The methods of :class:`~autotl.api.Workbench` for heads that are not linear."""

    def stage_features(self, *, input_size: int) -> Mapping[str, Rows[Tensor]]:
        """Return the outputs of the frozen backbone's stages, averaged over positions.

        All stages come from a single pass, and are kept on disk for all folds and trials.

        Returns:
            float32 (rows, channels) by the stage's name, in the order of ``backbone.stages``. A stage is
            missing if its output is no tensor.
        """
        ...

    def head_features(self, stages: Sequence[str], *, input_size: int) -> Rows[Tensor]:
        """Return the features that a head takes.

        They are the averaged outputs of stages, and last the pooled features.

        Args:
            stages: Names of stages, see :meth:`stage_features`; without them, the result is
                :meth:`Workbench.features`.
            input_size: Image size in pixels.

        Returns:
            float32 (rows, d), in the order of :meth:`Workbench.targets`.

        Raises:
            TrainingError: :class:`autotl.errors.TrainingError`, if there is no such stage.
        """
        ...

    def new_head(self, spec: HeadSpec, *, input_size: int) -> nn.Module:
        """Return a new head that is not linear, on the device.

        Its weights are drawn from the trial's seed.

        Args:
            spec: The kind of the head, its arguments and its stages.
            input_size: Image size in pixels of the features.

        Returns:
            A module that maps :meth:`head_features` to outputs, (rows, k).

        Raises:
            PluginError: :class:`autotl.errors.PluginError`, if no plugin offers the kind, or the arguments
                are wrong.
            WeightsError: :class:`autotl.errors.WeightsError`, if the backbone has several classifiers.
        """
        ...

    def score_custom_head(
        self,
        head: nn.Module,
        spec: HeadSpec,
        *,
        input_size: int,
        epoch: int | None = None,
        progress: float | None = None,
    ) -> Score:
        """Evaluate a head that is not linear, and keep its network.

        The head takes :meth:`head_features`, so that there is no further pass. A new head is built from
        ``spec``, gets the tensors of ``head``, and is scored and delivered.

        Args:
            head: The head, as :meth:`new_head` returns it.
            spec: Its description.
            input_size: Image size in pixels of the features.
            epoch: Number of the epoch; None counts :meth:`Workbench.epochs`.
            progress: Share of the planned work that is done; None counts :meth:`Workbench.epochs`.

        Raises:
            TrainingError: :class:`autotl.errors.TrainingError`, if the new head has other tensors or
                computes other outputs, or if outputs are not finite.
        """
        ...
