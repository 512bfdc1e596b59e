"""autotl's training at one freeze depth, an epoch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from autotl.api import Epoch
from autotl.backbone import freeze
from autotl.pipeline.prepare import Prepared
from autotl.training import Recipe, Training
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.trial_workbench import TrialWorkbench


class Ours:
    """Epochs of autotl's own loop over all training rows, none held back for validation."""

    def __init__(
        self,
        ready: Prepared,
        *,
        side: int,
        frozen: int,
        batch: int,
        augment: str = "none",
        views: int = 1,
        kept: bool = True,
        dtypes: Sequence[torch.dtype] | None = None,
        epochs: int = 1000,
        lr: float = 1e-4,
    ) -> None:
        backbone = next(iter(ready.backbones.values()))
        how = {} if dtypes is None else {"dtypes": dtypes}
        activations = ActivationCache(ready.materials, enabled=kept, **how)
        bench = TrialWorkbench(ready.materials, ready.task, backbone, None, seed=0, activations=activations)
        self.model = bench.model()
        recipe = Recipe(
            side=side,
            epochs=epochs,
            lr=lr,
            augment=augment,
            batch_size=batch,
            label_smoothing=0.0,
            views=views,
        )
        train_mode = freeze(self.model, frozen, norm="frozen")
        self.learner = Training(self.model, bench, recipe, train_mode=train_mode, frozen=frozen)
        self._epochs = self._scored()

    def epoch(self) -> Epoch:
        """One more epoch."""
        return next(self._epochs)

    def close(self) -> None:
        """End the training."""
        self._epochs.close()  # type: ignore[attr-defined]

    def _scored(self) -> Iterator[Epoch]:
        for epoch in self.learner.fit():
            if epoch.score is not None:
                yield epoch
