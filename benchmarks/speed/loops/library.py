"""Train with autotl at one freeze depth, an epoch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from autotl.api import Score
from autotl.backbone import freeze
from autotl.pipeline.prepare import Prepared
from autotl.training import Recipe, Training
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.trial_workbench import TrialWorkbench


def recipe(
    input_size: int, batch: int, *, augment: str = "none", views: int = 1, epochs: int = 1000
) -> Recipe:
    """Return a recipe without label smoothing.

    Args:
        input_size: Image size in pixels.
        batch: Images per step.
        augment: Name of the augmentation.
        views: Number of cached augmented views.
        epochs: Number of epochs of the schedule.
    """
    return Recipe(
        input_size=input_size,
        epochs=epochs,
        lr=1e-4,
        augment=augment,
        batch_size=batch,
        label_smoothing=0.0,
        views=views,
    )


class LibraryLoop:
    """The training loop of autotl over all training images, without validation.

    Args:
        run: The prepared run.
        recipe: The recipe.
        frozen: Number of frozen stages.
        cached: Whether activations are cached.
        dtypes: Data types of cached activations; None for the default.
    """

    def __init__(
        self,
        run: Prepared,
        recipe: Recipe,
        *,
        frozen: int,
        cached: bool = True,
        dtypes: Sequence[torch.dtype] | None = None,
    ) -> None:
        backbone = next(iter(run.backbones.values()))
        options = {} if dtypes is None else {"dtypes": dtypes}
        activations = ActivationCache(run.run_cache, enabled=cached, **options)
        bench = TrialWorkbench(run.run_cache, run.task, backbone, None, seed=0, activations=activations)
        self.model = bench.model()
        train_mode = freeze(self.model, frozen, norm="frozen")
        self.learner = Training(self.model, bench, recipe, train_mode=train_mode, frozen=frozen)
        self._epochs = self._scored()

    def epoch(self) -> Score:
        """Train for an epoch."""
        return next(self._epochs)

    def close(self) -> None:
        """End the training."""
        self._epochs.close()  # type: ignore[attr-defined]

    def _scored(self) -> Iterator[Score]:
        for step in self.learner.fit():
            if isinstance(step, Score):
                yield step
