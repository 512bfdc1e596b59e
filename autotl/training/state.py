"""Where a training stands: all that its next step hangs on, which can be kept and taken up again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autotl.importing.vision import timm_optim
from autotl.seeds import derive
from autotl.training.class_balance import order_of
from autotl.training.recipe import Recipe
from autotl.training.spec import TrainingSpec
from autotl.training.weight_average import WeightAverage

# Now, not in the function: torch's compiler comes with it, and the first trial would be charged for that.
BY_LAYER: Any = timm_optim.param_groups_layer_decay


class TrainingState:
    """A training between two steps: optimiser, learning rate, average, random numbers, and how far it is.

    ``rank`` and ``size`` are the place of this process among those that train together. What is kept is that
    of a process alone.
    """

    def __init__(self, lesson: TrainingSpec, *, rank: int = 0, size: int = 1) -> None:
        self._lesson, recipe = lesson, lesson.recipe
        # BatchNorm cannot learn from one row, nor a process from none
        self._rows = min(len(lesson.labels), max(2, size, round(recipe.part * len(lesson.labels))))
        self.each = max(1, math.ceil(self._rows / recipe.batch_size))
        self.total = total = self.each * recipe.epochs
        self.optimiser = _optimiser(lesson.model, recipe)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: _pace(step, total, recipe.warmup)
        )
        self.average = WeightAverage(lesson.model, recipe.ema) if recipe.ema else None
        self._order = torch.Generator().manual_seed(derive(lesson.seed, "order and views"))
        self.draw = self._order if size == 1 else torch.Generator().manual_seed(derive(lesson.seed, rank))
        torch.manual_seed(derive(lesson.seed, "dropout"))
        self.epoch, self.pieces = 1, 1
        self.losses: list[Tensor] = []
        """Of the steps that the epoch has taken."""
        self._began = self._order.get_state()
        self._averaged = False

    @property
    def done(self) -> int:
        """Steps that were taken."""
        return (self.epoch - 1) * self.each + len(self.losses)

    def batches(self) -> list[Tensor]:
        """The rows (rows,) of each batch that the epoch has left."""
        taken, balance = len(self.losses), self._lesson.recipe.balance
        if taken:  # the order is drawn as it was, and what was drawn since is not drawn again
            now = self._order.get_state()
            self._order.set_state(self._began)
        else:
            self._began = self._order.get_state()
        order = order_of(self._lesson.labels, balance, self._order)
        if taken:
            self._order.set_state(now)
        # tensor_split leaves no last batch of one row, on which BatchNorm cannot learn
        return list(order[: self._rows].tensor_split(self.each))[taken:]

    def end_epoch(self) -> None:
        """The epoch is over: the model has the weights to keep until :meth:`go_on`."""
        if self.average:
            self.average.swap()
            self._averaged = True
        self.epoch, self.losses = self.epoch + 1, []

    def go_on(self) -> None:
        """Give the model the weights that are trained on."""
        if self.average and self._averaged:
            self.average.swap()
            self._averaged = False

    def tensors(self) -> dict[str, Tensor]:
        """Everything, as copies on the CPU: what :meth:`take_up` needs, and no frozen weights."""
        shown = self._averaged
        self.go_on()
        found = {f"model.{name}": value for name, value in self._learned().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            found |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        if self.average:
            found |= {f"average.{name}": value for name, value in self.average.tensors().items()}
        found |= {"random.order": self._order.get_state(), "random.began": self._began}
        found["random.torch"] = torch.get_rng_state()
        if self._lesson.device.startswith("cuda"):
            found["random.cuda"] = torch.cuda.get_rng_state(self._lesson.device)
        found |= {"epoch": torch.tensor(self.epoch), "pieces": torch.tensor(self.pieces)}
        found["losses"] = torch.stack(self.losses) if self.losses else torch.empty(0)
        kept = {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}
        if shown and self.average:
            self.average.swap()
            self._averaged = True
        return kept

    @torch.no_grad()
    def take_up(self, kept: Mapping[str, Tensor]) -> None:
        """Stand where another course of the same lesson stood. Raises ValueError where it is another's."""
        own = self._learned()
        wanted = {f"model.{name}" for name in own}
        if wanted != {name for name in kept if name.startswith("model.")} or "epoch" not in kept:
            raise ValueError("the checkpoint is of another network or training")
        for name, value in own.items():
            value.copy_(kept[f"model.{name}"])
        self.epoch, self.pieces = int(kept["epoch"]), int(kept["pieces"])
        self.losses = list(kept["losses"].to(self._lesson.device))
        self._take_up_optimiser(kept)
        if self.average:
            self.average.take_up(_below("average.", kept))
        self._order.set_state(kept["random.order"])
        self._began = kept["random.began"]
        torch.set_rng_state(kept["random.torch"])
        if "random.cuda" in kept and self._lesson.device.startswith("cuda"):
            torch.cuda.set_rng_state(kept["random.cuda"], self._lesson.device)

    def _take_up_optimiser(self, kept: Mapping[str, Tensor]) -> None:
        learned = [value for group in self.optimiser.param_groups for value in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in _below("optimiser.", kept).items():
            number, _, what = name.partition(".")
            like = learned[int(number)]
            # laid out as the weights are: a fused step walks through memory
            given = torch.empty_like(like).copy_(value) if value.shape == like.shape else value
            state.setdefault(int(number), {})[what] = given
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
        pace = _pace(self.done, self.total, self._lesson.recipe.warmup)
        for group in self.optimiser.param_groups:
            group["lr"] = group["initial_lr"] * pace
        rates = [group["lr"] for group in self.optimiser.param_groups]
        self.schedule.load_state_dict(
            {
                **self.schedule.state_dict(),
                "last_epoch": self.done,
                "_step_count": self.done + 1,
                "_last_lr": rates,
            }
        )

    def _learned(self) -> dict[str, Tensor]:
        """What training changes of the network: all but its frozen weights."""
        frozen = {name for name, value in self._lesson.model.named_parameters() if not value.requires_grad}
        state: Mapping[str, Tensor] = self._lesson.model.state_dict()
        return {name: value for name, value in state.items() if name not in frozen}


def _below(front: str, kept: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(front): value for name, value in kept.items() if name.startswith(front)}


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    groups = BY_LAYER(model, recipe.weight_decay, layer_decay=recipe.layer_decay)
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
