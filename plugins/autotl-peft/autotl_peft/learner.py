"""Train a network with low-rank updates, and score the merged one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl_peft.updates import UpdatedNetwork

if TYPE_CHECKING:
    from torch import nn

    from autotl.api import Score, Workbench


class MergingWorkbench:
    """A workbench that merges a network's updates before it scores the network."""

    def __init__(self, bench: Workbench, network: UpdatedNetwork) -> None:
        self._bench, self._network = bench, network

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._bench, name)

    def track(self, model: nn.Module, *, input_size: int) -> None:
        """Keep the network to this learner: the workbench needs it for baselines only."""

    def score(self, model: nn.Module, **given: Any) -> Score:
        """Score the merged network; see :class:`autotl.api.Workbench`."""
        return self._bench.score(self._network.merged_state(), **given)
