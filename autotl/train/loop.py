"""The one training loop."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import timm.optim
import torch
from torch import Tensor, nn

from autotl.api import Epoch, Workbench
from autotl.seeds import derive
from autotl.train.average import Average
from autotl.train.device import autocast
from autotl.train.feed import Feed, feed
from autotl.train.mixing import Targets, loss_of, mixed
from autotl.train.recipe import Recipe
from autotl.train.split_batch import in_pieces

TIMM_OPTIM: Any = timm.optim  # it is typed in part
LOOK = 16  # steps between two looks at the loss on an accelerator: each look waits for all that is queued


class Diverged(RuntimeError):
    """The loss stopped being a number."""


class Training:
    """A learner that trains the parameters of ``model`` that require gradients.

    ``train_mode`` puts the model into training mode, leaving in eval what is to stay frozen. ``frozen`` is
    how many of its first stages are frozen and as the bench gave them: what these give is then computed once
    and kept, and a step costs what the layers behind them cost. After each epoch the weights are kept, so
    that closing :meth:`fit` at any step loses at most the epoch that was running.

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
        self._pieces = 1
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
        """Train; yields at every step, with a score, logits and loss at the end of each epoch."""
        bench, recipe, model = self._bench, self._recipe, self._model
        given = feed(model, bench, recipe, frozen=self._frozen)
        labels = bench.labels()
        rows = len(labels.train)
        each = max(1, math.ceil(rows / recipe.batch_size))
        total = each * recipe.epochs
        optimiser = _optimiser(model, recipe)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: _pace(step, total, recipe.warmup)
        )
        average = Average(model, recipe.ema) if recipe.ema else None
        generator = torch.Generator().manual_seed(derive(bench.seed, "order and views"))
        torch.manual_seed(derive(bench.seed, "dropout"))
        done = 0
        for epoch in range(1, recipe.epochs + 1):
            given.start(epoch)
            self._train_mode(model)
            losses = []
            # array_split leaves no last batch of one row, on which BatchNorm cannot learn
            for chosen in torch.randperm(rows, generator=generator).tensor_split(each):
                batch, targets = mixed(
                    given.batch(chosen, generator),
                    labels.train[chosen].to(bench.device, non_blocking=True),
                    recipe.mixup,
                    generator,
                )
                losses.append(self._step(given, batch, targets, optimiser))
                if (bench.device == "cpu" or done % LOOK == 0) and not torch.isfinite(losses[-1]):
                    raise Diverged(f"the loss became {losses[-1].item()} at step {done + 1} of {total}")
                schedule.step()
                if average:
                    average.update()
                done += 1
                yield Epoch(epoch, progress=done / total)
            loss = torch.stack(losses).mean().item()
            if not math.isfinite(loss):
                raise Diverged(f"the loss became {loss} in epoch {epoch} of {recipe.epochs}")
            if average:
                average.swap()
            scored = given.logits()
            self._kept = {name: value.detach().clone() for name, value in model.state_dict().items()}
            if average:
                average.swap()
            yield Epoch(epoch, bench.score(scored), done / total, scored, loss)

    def _step(self, given: Feed, batch: Tensor, targets: Targets, optimiser: torch.optim.Optimizer) -> Tensor:
        """One step of the optimiser on a batch, in as many pieces as memory asks for; its loss."""

        def attempt(pieces: int) -> Tensor:
            optimiser.zero_grad(set_to_none=True)
            whole = batch.new_zeros((), dtype=torch.float32)
            for part in torch.arange(len(batch)).tensor_split(pieces):
                piece = slice(int(part[0]), int(part[-1]) + 1)
                with autocast(self._bench.device):
                    logits = given.run(batch[piece])  # (rows, classes)
                loss = loss_of(logits.float(), targets.part(piece), self._recipe.label_smoothing)
                loss = loss * (len(part) / len(batch))
                loss.backward()  # type: ignore[no-untyped-call]
                whole += loss.detach()
            return whole

        loss, self._pieces = in_pieces(attempt, self._pieces, most=max(1, len(batch) // 2))
        nn.utils.clip_grad_norm_(self._model.parameters(), self._recipe.clip)
        optimiser.step()
        return loss


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
