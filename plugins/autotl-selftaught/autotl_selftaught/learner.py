"""The learner: self-supervised steps, a linear head, and tuning if it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from autotl.api import UNLABELLED, AdditionalRows, Beat, HeadSetting, Params, Score, Workbench
from autotl.toolbox import Recipe, Training, fit_linear_head, pooled, predict_outputs, set_head
from autotl_selftaught.pretraining import Pretraining
from autotl_selftaught.settings import frozen_stages
from autotl_selftaught.weights import pack, trained_tensors, unpack

PHASE = "phase"
"""The name of a checkpoint's tensor with the phase."""
STEPS, SCORED, TUNING = range(3)
"""The phases that a training resumes in: within the steps, after the head's score, within the tuning."""
ROWS = 64
"""Images whose features are computed between two beats."""
KEYS = ("stages", "batch_size", "distill", "image_size", "steps", "loss", "augment", "lr", "norm")
"""The settings that the self-supervised steps depend on."""


class SelfTaughtLearner:
    """A learner that trains on unlabelled images first.

    The self-supervised steps see no labelled image, so folds and trials with the same settings share them.
    """

    def __init__(self, params: Params, bench: Workbench, seconds: tuple[float, float, float]) -> None:
        """Prepare the learner.

        Args:
            params: The settings of the strategy.
            bench: The workbench of the trial.
            seconds: Expected seconds of the steps, of the head, and of the tuning.
        """
        self._params, self._bench = params, bench
        total = max(sum(seconds), 1e-9)
        self._steps_end = seconds[0] / total
        self._head_end = (seconds[0] + seconds[1]) / total if params["epochs"] else 1.0
        self._through = frozen_stages(bench.backbone, params["stages"])
        self._pretraining: Pretraining | None = None
        self._training: Training | None = None
        self._scored: nn.Module | None = None
        self._given: Mapping[str, Tensor] = {}

    def checkpoint(self) -> Mapping[str, Tensor] | None:
        """See :class:`autotl.api.Resumable`. None while the head is fitted."""
        if self._pretraining is not None:
            return {**self._pretraining.tensors(), PHASE: torch.tensor(STEPS)}
        if self._training is not None:
            found = self._training.checkpoint()
            return None if found is None else {**found, PHASE: torch.tensor(TUNING)}
        if self._scored is None:
            return None
        state = {name: value.detach().cpu().clone() for name, value in self._scored.state_dict().items()}
        return {**state, PHASE: torch.tensor(SCORED)}

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        """See :class:`autotl.api.Resumable`. :meth:`fit` raises ValueError for that of another training."""
        self._given = checkpoint

    def fit(self) -> Generator[Beat | Score, None, None]:
        """Train, and yield each step: beats, a score of the head, and one of each tuning epoch."""
        bench, params = self._bench, self._params
        given = {name: value for name, value in self._given.items() if name != PHASE}
        phase = self._phase()
        model = bench.model()
        train_mode = bench.freeze(model, self._through, norm=params["norm"])
        self._note()
        if phase == STEPS:
            yield from self._pretrained(model, train_mode, given)
            yield from self._headed(model)
            yield bench.score(model, input_size=params["image_size"], epoch=1, progress=self._head_end)
        elif phase == SCORED:
            _load(model, given)
            self._scored = model
        if params["epochs"]:
            yield from self._tuned(model, train_mode, given if phase == TUNING else {})

    def _phase(self) -> int:
        if not self._given:
            return STEPS
        phase = int(self._given.get(PHASE, torch.tensor(-1)))
        if not STEPS <= phase <= TUNING:
            raise ValueError("the checkpoint is of another network or training")
        return phase

    def _pretrained(
        self, model: nn.Module, train_mode: Callable[[nn.Module], object], given: Mapping[str, Tensor]
    ) -> Generator[Beat, None, None]:
        """Train the last stages, or take them from an earlier fold or trial."""
        bench, steps = self._bench, self._params["steps"]
        own, rows = trained_tensors(model, self._through), bench.additional(UNLABELLED)
        key = "self-supervised: " + ", ".join(f"{name} {self._params[name]}" for name in KEYS)
        if (kept := _kept(rows, key)) is not None:
            unpack(kept, own)
            return
        # not inside keep, which could yield no beat and no checkpoint
        self._pretraining = Pretraining(model, bench, self._params, train_mode)
        if given:
            self._pretraining.load(given)
        while self._pretraining.done < steps:
            self._pretraining.step()
            yield bench.beat(self._steps_end * self._pretraining.done / steps)
        self._pretraining = None  # frees the optimiser's memory
        rows.keep(key, lambda: pack(own))

    def _headed(self, model: nn.Module) -> Generator[Beat, None, None]:
        """Fit the labels by a linear head on the features of the trained network."""
        bench, found = self._bench, []
        images = bench.inputs(input_size=self._params["image_size"]).train
        network = _Features(model)
        for start in range(0, len(images), ROWS):
            found.append(predict_outputs(network, images[start : start + ROWS], bench))
            done = min(1.0, (start + ROWS) / len(images))
            yield bench.beat(self._steps_end + done * (self._head_end - self._steps_end))
        weight, bias = fit_linear_head(
            bench,
            torch.cat(found),
            HeadSetting(self._params["C"]),
            check_cancelled=bench.additional(UNLABELLED).check_cancelled,
        )
        set_head(model, weight, bias)
        self._scored = model

    def _tuned(
        self, model: nn.Module, train_mode: Callable[[nn.Module], object], given: Mapping[str, Tensor]
    ) -> Generator[Beat | Score, None, None]:
        """Train the last stages and the head on the labels, at a low rate."""
        bench, params = self._bench, self._params
        plain = self._through or bench.task.target.kind == "regression"
        recipe = Recipe(
            input_size=params["image_size"],
            epochs=params["epochs"],
            lr=params["tune_lr"],
            augment="none" if plain else "shift",
        )
        training = Training(model, bench, recipe, train_mode=train_mode, frozen=self._through)
        training.place = replace(training.place, before=1, start=self._head_end)
        if given:
            training.resume(given)
        self._training = training
        yield from training.fit()

    def _note(self) -> None:
        """Tell the report how the network is trained."""
        bench, params = self._bench, self._params
        stages = len(bench.backbone.stages)
        near = (
            f", kept near the pretrained features with weight {params['distill']:g}"
            if params["distill"]
            else ""
        )
        bench.note(
            f"The last {stages - self._through} of {stages} stages were trained for {params['steps']:,} "
            f"steps on {len(bench.additional(UNLABELLED)):,} unlabelled images "
            f"(loss: {params['loss']}{near})."
        )
        tuned = f" Then these stages were tuned (epochs: {params['epochs']})." if params["epochs"] else ""
        bench.note(f"A linear head (C = {params['C']:.2g}) was fitted to the labels.{tuned}")


class _Missing(Exception):
    """No trial has trained with these settings yet."""


def _kept(rows: AdditionalRows, key: str) -> Tensor | None:
    """Return a kept tensor; None if no trial has made it yet."""

    def missing() -> Tensor:
        raise _Missing

    try:
        return rows.keep(key, missing)
    except _Missing:
        return None


class _Features(nn.Module):
    """A network that returns its pooled features."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return pooled(self.network, x)


def _load(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Restore a network. Raises ValueError if the tensors are another network's."""
    own = model.state_dict()
    if own.keys() != tensors.keys() or any(own[name].shape != value.shape for name, value in tensors.items()):
        raise ValueError("the checkpoint is of another network or training")
    model.load_state_dict(dict(tensors))
