"""The learner that trains a network."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing

from torch import Tensor, nn

from autotl.api import Epoch, Workbench
from autotl.training.batches import feed
from autotl.training.class_balance import row_weights
from autotl.training.loop import Alone, train
from autotl.training.machine.distributed import learn_together
from autotl.training.recipe import Recipe
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState


class Training:
    """A learner that trains the parameters of ``model`` that require gradients.

    ``train_mode`` puts the model into training mode, leaving in eval what is to stay frozen. ``frozen`` is
    how many of its first stages are frozen and as the bench gave them: what these give is then computed once
    and kept, and a step costs what the layers behind them cost. After each epoch the weights are kept, so
    that closing :meth:`fit` at any step loses at most the epoch that was running. One process alone can also
    go on from where another was stopped, between any two steps, to the same weights.

    >>> learner = Training(bench.model(), bench, Recipe(side=64, epochs=3, lr=1e-3))
    >>> scores = [epoch.score for epoch in learner.fit() if epoch.score is not None]
    """

    def __init__(
        self,
        model: nn.Module,
        bench: Workbench,
        recipe: Recipe,
        *,
        train_mode: Callable[[nn.Module], object] = nn.Module.train,
        frozen: int = 0,
    ) -> None:
        self._model, self._bench, self._recipe, self._train_mode = model, bench, recipe, train_mode
        self._frozen = frozen
        self._kept: dict[str, Tensor] | None = None
        self._course: TrainingState | None = None
        self._from: Mapping[str, Tensor] | None = None

    @property
    def side(self) -> int:
        """The size of the images the network learned from."""
        return self._recipe.side

    def module(self) -> nn.Module:
        """The network as it was at the last epoch that was scored, in eval mode."""
        if self._kept is not None:
            self._model.load_state_dict(self._kept)
        return self._model.eval()

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`; None before the first step, and of several processes."""
        return None if self._course is None else self._course.tensors()

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`. Where it is of another network, :meth:`fit` raises ValueError.
        Several processes begin anew.
        """
        self._from = checkpoint

    def fit(self) -> Generator[Epoch, None, None]:
        """Train; yields at every step, with a score, logits and loss at the end of each epoch."""
        bench, model = self._bench, self._model
        given = feed(model, bench, self._recipe, frozen=self._frozen)
        labels = bench.labels().train
        weights = row_weights(labels, bench.weights(), self._recipe.balance)
        lesson = TrainingSpec(
            model, given, labels, self._recipe, self._train_mode, bench.device, bench.seed, weights
        )
        if bench.processes == 1:
            self._course = TrainingState(lesson)
            if self._from is not None:
                self._course.take_up(self._from)
            steps = train(lesson, Alone(), self._course)
        else:
            steps = learn_together(lesson, given.portable(), bench.processes)
        try:
            with closing(steps):
                for step in steps:
                    if step.loss is None:
                        yield Epoch(step.epoch, progress=step.progress)
                        continue
                    scored = given.logits()
                    self._kept = {name: value.detach().clone() for name, value in model.state_dict().items()}
                    yield Epoch(step.epoch, bench.score(scored), step.progress, scored, step.loss)
        finally:
            self._course = None  # and the optimiser's memory with it
