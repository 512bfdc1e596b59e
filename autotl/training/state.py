"""The state of a training between two steps.

It can be saved and restored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from autotl.seeds import derive
from autotl.training.class_balance import epoch_order
from autotl.training.spec import TrainingSpec
from autotl.training.update.optimiser import learning_rate_factor, make_optimiser
from autotl.training.update.starting_point import Pull
from autotl.training.update.weight_average import WeightAverage


class TrainingState:
    """Optimiser, learning rate, weight average, random numbers and position of a training.

    Attributes:
        epoch: The current epoch, from 1; one more than the recipe's epochs at the end.
        losses: Losses of the steps of this epoch, one scalar each.
        pieces: Microbatches per batch that fit into memory.
        steps_per_epoch: Optimiser steps of each epoch.
        total_steps: Optimiser steps of all epochs.
        optimiser: The optimiser of the trained parameters.
        schedule: The learning rate.
        average: The moving average of the weights; None if the recipe has none.
        view_generator: Draws augmented views and mixup.
    """

    def __init__(self, spec: TrainingSpec, *, rank: int = 0, size: int = 1) -> None:
        """Start a training.

        Args:
            spec: The model, its training rows and the recipe.
            rank: Index of this process in its group.
            size: Number of processes in the group; only the state of a single process can be saved.
        """
        self._spec, recipe = spec, spec.recipe
        # BatchNorm cannot train on one row, and every process needs a row
        self._rows = min(len(spec.targets), max(2, size, round(recipe.part * len(spec.targets))))
        self.steps_per_epoch = max(1, math.ceil(self._rows / recipe.batch_size))
        self.total_steps = total = self.steps_per_epoch * recipe.epochs
        start = spec.start
        self.optimiser = make_optimiser(
            spec.model, recipe, rates=spec.rates, undecayed=start.weights if start else ()
        )
        self._pull = Pull(spec.model, self.optimiser, start) if start else None
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: learning_rate_factor(step, total, recipe)
        )
        self.average = WeightAverage(spec.model, recipe.ema) if recipe.ema else None
        self._order = torch.Generator().manual_seed(derive(spec.seed, "order and views"))
        self.view_generator = (
            self._order if size == 1 else torch.Generator().manual_seed(derive(spec.seed, rank))
        )
        torch.manual_seed(derive(spec.seed, "dropout"))
        self.epoch, self.pieces = 1, 1
        self.losses: list[Tensor] = []
        self._order_at_epoch_start = self._order.get_state()
        self._holds_average = False

    @property
    def steps_done(self) -> int:
        """The number of completed steps."""
        return (self.epoch - 1) * self.steps_per_epoch + len(self.losses)

    def batches(self) -> list[Tensor]:
        """Return the row indices of each remaining batch of the epoch."""
        done, balance = len(self.losses), self._spec.recipe.balance
        if done:  # draw the same order again, but not the views that were drawn since
            now = self._order.get_state()
            self._order.set_state(self._order_at_epoch_start)
        else:
            self._order_at_epoch_start = self._order.get_state()
        order = epoch_order(self._spec.strata, balance, self._order)
        if done:
            self._order.set_state(now)
        # tensor_split never makes a last batch of one row, on which BatchNorm cannot train
        return list(order[: self._rows].tensor_split(self.steps_per_epoch))[done:]

    def update(self, loss: Tensor) -> None:
        """Take a step with a batch's gradients, and keep its loss."""
        self.optimiser.step()
        if self._pull:
            self._pull()
        self.schedule.step()
        if self.average:
            self.average.update()
        self.losses.append(loss)

    def end_epoch(self) -> None:
        """Put the weights to keep into the model, until :meth:`restore_trained_weights`."""
        if self.average:
            self.average.swap()
            self._holds_average = True
        self.epoch, self.losses = self.epoch + 1, []

    def restore_trained_weights(self) -> None:
        """Put the weights that training continues with back into the model."""
        if self.average and self._holds_average:
            self.average.swap()
            self._holds_average = False

    def tensors(self) -> dict[str, Tensor]:
        """Return CPU copies for :meth:`load_tensors`, without frozen weights."""
        held_average = self._holds_average
        self.restore_trained_weights()
        found = {f"model.{name}": value for name, value in self._trained_values().items()}
        for number, state in self.optimiser.state_dict()["state"].items():
            found |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
        if self.average:
            found |= {f"average.{name}": value for name, value in self.average.tensors().items()}
        found |= {"random.order": self._order.get_state(), "random.began": self._order_at_epoch_start}
        found["random.torch"] = torch.get_rng_state()
        if self._spec.device.startswith("cuda"):
            found["random.cuda"] = torch.cuda.get_rng_state(self._spec.device)
        found |= {"epoch": torch.tensor(self.epoch), "pieces": torch.tensor(self.pieces)}
        found["losses"] = torch.stack(self.losses) if self.losses else torch.empty(0)
        copies = {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}
        if held_average and self.average:
            self.average.swap()
            self._holds_average = True
        return copies

    @torch.no_grad()
    def load_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore a state of the same training.

        Raises ValueError if it is another training's.
        """
        own = self._trained_values()
        wanted = {f"model.{name}" for name in own}
        if wanted != {name for name in tensors if name.startswith("model.")} or "epoch" not in tensors:
            raise ValueError("the checkpoint is of another network or training")
        for name, value in own.items():
            value.copy_(tensors[f"model.{name}"])
        self.epoch, self.pieces = int(tensors["epoch"]), int(tensors["pieces"])
        self.losses = list(tensors["losses"].to(self._spec.device))
        self._load_optimiser(_with_prefix("optimiser.", tensors))
        self._load_schedule()
        if self.average:
            self.average.load_tensors(_with_prefix("average.", tensors))
        self._order.set_state(tensors["random.order"])
        self._order_at_epoch_start = tensors["random.began"]
        torch.set_rng_state(tensors["random.torch"])
        if "random.cuda" in tensors and self._spec.device.startswith("cuda"):
            torch.cuda.set_rng_state(tensors["random.cuda"], self._spec.device)

    def _load_optimiser(self, tensors: Mapping[str, Tensor]) -> None:
        parameters = [value for group in self.optimiser.param_groups for value in group["params"]]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, _, key = name.partition(".")
            parameter = parameters[int(number)]
            # in the memory layout of the parameter: the fused optimiser walks through memory
            laid_out = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
            state.setdefault(int(number), {})[key] = laid_out
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})

    def _load_schedule(self) -> None:
        factor = learning_rate_factor(self.steps_done, self.total_steps, self._spec.recipe)
        for group in self.optimiser.param_groups:
            group["lr"] = group["initial_lr"] * factor
        self.schedule.load_state_dict(
            {
                **self.schedule.state_dict(),
                "last_epoch": self.steps_done,
                "_step_count": self.steps_done + 1,
                "_last_lr": [group["lr"] for group in self.optimiser.param_groups],
            }
        )

    def _trained_values(self) -> dict[str, Tensor]:
        """Return all values of the model that training changes."""
        frozen = {name for name, value in self._spec.model.named_parameters() if not value.requires_grad}
        state: Mapping[str, Tensor] = self._spec.model.state_dict()
        return {name: value for name, value in state.items() if name not in frozen}


def _with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names have the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
