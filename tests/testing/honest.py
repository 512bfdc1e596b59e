"""An honest strategy with its own loop, and the faults that are planted in it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from autotl.api import VERSION, Applies, Backbone, Beat, Cost, Machine, Params, Score, Space, Task, Workbench
from autotl.toolbox import training_seconds

EPOCHS = 6
LEAK: list[Tensor] = []


class Honest:
    """Train the last stage and the head, by a loop over the workbench."""

    api: ClassVar[int] = VERSION
    name = "honest"
    summary = "train the last stage and the head"
    reference = "none"
    baseline = False

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "" if self.fault == "no reason" else "it always does")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        size = backbone.input_sizes[0]
        params: dict[str, Any] = {"lr": 3e-3, "epochs": EPOCHS, "freeze": 1, "image_size": size}
        if self.fault == "keys differ":
            params["momentum"] = 0.9
        if self.fault == "a tuple":
            params["lr"] = (3e-3,)
        return params

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        lr = space.suggest_float("lr", 1e-4, 1e-2, log=True)
        if self.fault == "random suggestions":
            lr *= float(torch.rand(()))
        sizes = list(backbone.input_sizes)
        if self.fault == "choices that change":
            sizes = [size for size in (*sizes, 8) if lr > 5e-3 or size > 8]
        size = space.suggest_categorical("image_size", sizes)
        return {"lr": lr, "epochs": EPOCHS, "freeze": 1, "image_size": size}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = training_seconds(
            task, backbone, input_size=params["image_size"], trained=1.0, epochs=EPOCHS
        )
        factors = {"cost times 1000": 1000.0, "cost over 100": 0.01, "no cost": float("nan")}
        return Cost(seconds * factors.get(self.fault, 1.0))

    def build(self, params: Params, bench: Workbench) -> Loop:
        return Loop(self.fault, params, bench)


class Loop:
    """The learner, with a fault."""

    def __init__(self, fault: str, params: Params, bench: Workbench) -> None:
        self.fault, self.params, self.bench = fault, params, bench

    def fit(self) -> Generator[Beat | Score, None, None]:
        try:
            yield from self.steps()
        except GeneratorExit:
            if self.fault == "swallows the close":
                yield Beat(1.0)
            raise

    def steps(self) -> Generator[Beat | Score, None, None]:
        bench, params, fault = self.bench, self.params, self.fault
        model = bench.model()
        train_mode = bench.freeze(model, params["freeze"])
        if fault == "unfreezes a layer":
            model.requires_grad_(True)
        if fault == "moves statistics":
            train_mode = nn.Module.train
        trained = [value for value in model.parameters() if value.requires_grad]
        optimiser = torch.optim.AdamW(trained, lr=params["lr"])
        kept: dict[str, Tensor] | None = None
        old: Score | None = None
        for epoch in bench.epochs(
            EPOCHS, **({} if fault == "no checkpoint" else {"model": model, "optimiser": optimiser})
        ):
            train_mode(model)
            yield from self.epoch(model, optimiser, epoch)
            size = params["image_size"] * (2 if fault == "another size" else 1)
            if fault == "reaches for test rows":
                cache: Any = bench._run_cache  # type: ignore[attr-defined]
                cache.dataset.openers[int(cache.splits.test[0])]()
            if fault == "not a stock network":
                yield bench.score(nn.Sequential(model, nn.Linear(3, 3)), input_size=size)
                continue
            if fault == "keeps the first epoch":
                kept = kept or {name: value.clone() for name, value in model.state_dict().items()}
                if len(bench.targets().val):
                    kept = {name: value.clone() for name, value in model.state_dict().items()}
                yield bench.score(kept, input_size=size)
                continue
            score = bench.score(model, input_size=size)
            if fault == "one-hot labels":
                sure = torch.nn.functional.one_hot(bench.targets().val, 3).float()
                score = Score(epoch, 1.0, epoch / EPOCHS, sure)
            if fault == "a stale score":
                old = old or score
                score = old
            if fault == "no score at the end" and epoch == EPOCHS:
                yield bench.beat(1.0)
                return
            yield score

    def epoch(
        self, model: nn.Module, optimiser: torch.optim.Optimizer, epoch: int
    ) -> Generator[Beat | Score, None, None]:
        bench, params, fault = self.bench, self.params, self.fault
        number = 1 if fault == "ignores the seed" else epoch
        if fault in ("raw images", "ignores the seed", "random order"):
            batches = self.own_batches(
                raw=fault == "raw images", order_seed=None if fault == "random order" else number
            )
        else:
            batches = (
                (batch.inputs, batch.targets, batch.weights)
                for batch in bench.batches(input_size=params["image_size"], batch_size=16, epoch=epoch)
            )
        for step, (inputs, targets, weights) in enumerate(batches):
            if fault == "permuted labels":
                targets = (targets + 1) % 3
            if fault == "leaks memory":
                LEAK.append(torch.ones(4 * 2**20))
            with bench.autocast():
                outputs = model(inputs)
            weights = None if fault == "ignores weights" else weights
            loss = bench.target.loss(outputs.float(), targets, weights=weights)
            if fault == "one class each":
                loss = nn.functional.cross_entropy(outputs.float(), targets.long())
            if fault == "NaN" and epoch == 3:
                loss = loss * float("nan")
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if fault == "falling progress":
                yield Beat(1 / (1 + step))
            elif fault != "silent for an epoch":
                yield bench.beat()

    def own_batches(self, *, raw: bool, order_seed: int | None) -> Any:
        """Batches that the learner makes itself, with a fixed or a global order."""
        bench = self.bench
        images, targets = bench.inputs(input_size=self.params["image_size"]).train, bench.targets().train
        weights = bench.weights()
        n = len(targets)
        order = torch.tensor(np.random.permutation(n)) if order_seed is None else torch.arange(n)
        for rows in order.split(16):
            pixels = images[rows]
            inputs = pixels.float() / 1e4 if raw else bench.to_batch(pixels)
            yield inputs, targets[rows], None if weights is None else weights[rows]
