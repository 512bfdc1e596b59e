"""The one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import timm.optim
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autotl.api import Epoch, Workbench
from autotl.seeds import derive
from autotl.train.augment import augment, augmentation
from autotl.train.device import autocast
from autotl.train.forward import logits_of
from autotl.train.recipe import Recipe

TIMM_OPTIM: Any = timm.optim  # it is typed in part


class Diverged(RuntimeError):
    """The loss stopped being a number."""


class Training:
    """A learner that trains the parameters of ``model`` that require gradients.

    ``train_mode`` puts the model into training mode, leaving in eval what is to stay frozen. After each epoch
    the weights are kept, so that closing :meth:`fit` at any step loses at most the epoch that was running.

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
    ) -> None:
        self._model, self._bench, self._recipe, self._train_mode = model, bench, recipe, train_mode
        self._kept: dict[str, Tensor] | None = None

    @property
    def side(self) -> int:
        """The size of the images the network learned from."""
        return self._recipe.side

    def module(self) -> nn.Module:
        """The network as it was at the last epoch that was scored, in eval mode."""
        if self._kept is not None:
            self._model.load_state_dict(self._kept)
        return self._model.eval()

    def fit(self) -> Generator[Epoch, None, None]:
        """Train; yields at every step, with a score and logits at the end of each epoch."""
        bench, recipe, model = self._bench, self._recipe, self._model
        view = augmentation(recipe.augment)
        pixels = bench.pixels(side=recipe.side, augmented=view is not None)
        labels = bench.labels()
        rows = len(labels.train)
        each = max(1, math.ceil(rows / recipe.batch_size))
        total = each * recipe.epochs
        optimiser = _optimiser(model, recipe)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _pace(step, total, recipe.warmup)
        )
        generator = torch.Generator().manual_seed(derive(bench.seed, "order and views"))
        torch.manual_seed(derive(bench.seed, "dropout"))
        done = 0
        for epoch in range(1, recipe.epochs + 1):
            self._train_mode(model)
            # array_split leaves no last batch of one row, on which BatchNorm cannot learn
            for chosen in torch.randperm(rows, generator=generator).tensor_split(each):
                batch = pixels.train[chosen].to(bench.device, non_blocking=True)
                if view is not None:
                    batch = augment(batch, view, side=recipe.side, generator=generator)
                with autocast(bench.device):
                    logits = model(bench.normalise(batch))  # (rows, classes)
                loss = F.cross_entropy(
                    logits.float(),
                    labels.train[chosen].to(bench.device),
                    label_smoothing=recipe.label_smoothing,
                )
                if not torch.isfinite(loss):
                    raise Diverged(f"the loss became {loss.item()} at step {done + 1} of {total}")
                optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
                optimiser.step()
                schedule.step()
                done += 1
                yield Epoch(epoch, progress=done / total)
            scored = logits_of(model, pixels.val, bench)
            self._kept = {name: value.detach().clone() for name, value in model.state_dict().items()}
            yield Epoch(epoch, bench.score(scored), done / total, scored)


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    groups = TIMM_OPTIM.param_groups_layer_decay(model, recipe.weight_decay, layer_decay=recipe.layer_decay)
    for group in groups:
        group["lr"] = recipe.lr * group.pop("lr_scale", 1.0)
        group.pop("param_names", None)
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)


def _pace(step: int, total: int, warmup: float) -> float:
    """Linear warm-up, then cosine to zero; a factor of the learning rate."""
    rise = max(1, round(total * warmup))
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, total - rise)))
