"""Train the last stages of a network on images without labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from autotl.api import UNLABELLED, Params, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import AUGMENTATIONS, augment
from autotl_selftaught.losses import Student, TwoViews, distillation_task, new_projector
from autotl_selftaught.settings import frozen_stages
from autotl_selftaught.weights import trained_tensors

if TYPE_CHECKING:
    from autotl.api import Images

SEED = 20_070
"""The seed of the steps. It is no trial's, because all folds and trials share the trained stages."""
PROJECTOR_RATE = 3e-3
"""Peak learning rate of the projector, which starts from random weights."""
WEIGHT_DECAY, CLIP, WARMUP = 0.02, 1.0, 0.1


class Pretraining:
    """The self-supervised training of a network's last stages.

    Each step draws its images and views from a seed and its own number, so that a training resumes exactly
    from its tensors.

    Attributes:
        done: Number of completed steps.
        losses: The loss of each step of this process.
    """

    def __init__(
        self, model: nn.Module, bench: Workbench, params: Params, train_mode: Callable[[nn.Module], object]
    ) -> None:
        """Prepare a training.

        Args:
            model: The pretrained network, on the workbench's device, with its first stages frozen.
            bench: The workbench of the trial.
            params: The settings of the strategy.
            train_mode: Puts the model into training mode, except for layers that stay frozen.
        """
        self._model, self._bench, self._params, self._train_mode = model, bench, params, train_mode
        self._rows = bench.additional(UNLABELLED)
        self._images: Images = self._rows.inputs(input_size=params["image_size"], augmented=True)
        through = frozen_stages(bench.backbone, params["stages"])
        self._trained = trained_tensors(model, through)
        self._projector = new_projector(bench.backbone.features, SEED).to(bench.device)
        self._criterion = TwoViews(params["loss"]).to(bench.device)
        self._student = Student(model, bench.backbone.config, self._projector)
        self.done = 0
        self.losses: list[float] = []
        self._task = self._distillation() if params["distill"] else None
        stages = [value for name, value in model.named_parameters() if name in self._trained]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": stages, "peak": params["lr"]},
                {"params": [*self._projector.parameters()], "peak": PROJECTOR_RATE},
            ],
            weight_decay=WEIGHT_DECAY,
        )

    def _distillation(self) -> nn.Module:
        """Return the task that keeps the features near the pretrained ones."""
        bench = self._bench
        teacher = Student(bench.model(), bench.backbone.config).eval()
        with torch.no_grad(), bench.autocast():
            variance = teacher(bench.to_batch(self.draw_views())).float().var(0).mean()
        # by the variance, so that the weight has the same meaning for each network
        return distillation_task(
            self._student,
            teacher,
            self._criterion,
            features=bench.backbone.features,
            weight=self._params["distill"] / max(float(variance), 1e-6),
            device=bench.device,
        )

    def step(self) -> float:
        """Take the next step, and return its loss.

        Raises:
            TrainingError: :class:`autotl.errors.TrainingError`, if the loss is not finite.
        """
        self._rows.check_cancelled()
        views = self.draw_views()
        torch.manual_seed(SEED + self.done)  # dropout reads the global one
        self._train_mode(self._model)
        with self._bench.autocast():
            batch = self._bench.to_batch(views)
            loss: Any = (
                self._criterion(self._student(batch))
                if self._task is None
                else self._task(batch, None)["loss"]
            )
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"lr must be low enough for a finite loss (got {self._params['lr']:g}, and a loss of "
                f"{value} in step {self.done + 1}). Lower it."
            )
        factor = rate_factor(self.done, self._params["steps"])
        for group in self._optimiser.param_groups:
            group["lr"] = factor * group["peak"]
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([each for g in self._optimiser.param_groups for each in g["params"]], CLIP)
        self._optimiser.step()
        self.done += 1
        self.losses.append(value)
        return value

    def draw_views(self) -> Tensor:
        """Return two views of each image of the next step, uint8 (2 × rows, 3, side, side)."""
        bench, size = self._bench, self._params["image_size"]
        generator = torch.Generator().manual_seed(SEED + self.done)
        chosen = torch.randperm(len(self._rows), generator=generator)[: self._params["batch_size"]]
        pixels = self._images[chosen].to(bench.device)
        augmentation = augmentation_of(self._params["augment"])
        views = [augment(pixels, augmentation, input_size=size, generator=generator) for _ in range(2)]
        return torch.cat(views)

    def tensors(self) -> dict[str, Tensor]:
        """Return copies on the CPU of all that a resumed training needs."""
        found = {"step": torch.tensor(self.done), **_prefixed("network", self._trained)}
        found |= _prefixed("projector", self._projector.state_dict())
        for number, state in self._optimiser.state_dict()["state"].items():
            found |= _prefixed(f"optimiser.{number}", state)
        return {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}

    @torch.no_grad()
    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore a state of the same training.

        Raises:
            ValueError: The state is that of another network or training.
        """
        own, projector = self._trained, self._projector.state_dict()
        wanted = {"step", *_prefixed("network", own), *_prefixed("projector", projector)}
        if wanted != {name for name in tensors if not name.startswith("optimiser.")}:
            raise ValueError("the checkpoint is of another network or training")
        for name, value in own.items():
            value.copy_(tensors[f"network.{name}"])
        for name, value in projector.items():
            value.copy_(tensors[f"projector.{name}"])
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimiser."):
                _, number, key = name.split(".")
                state.setdefault(int(number), {})[key] = value
        self._optimiser.load_state_dict({**self._optimiser.state_dict(), "state": state})
        self.done = int(tensors["step"])


def augmentation_of(name: str) -> Any:
    """Return the ranges of views: ``crop`` is ``strong`` without mirroring."""
    if name == "crop":
        return replace(AUGMENTATIONS["strong"], mirror=False)
    return AUGMENTATIONS[name]


def rate_factor(step: int, steps: int) -> float:
    """Return the factor of the learning rate: a linear warm-up, then a cosine to 0."""
    warmup = max(1, round(WARMUP * steps))
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def _prefixed(prefix: str, tensors: Mapping[str, Any]) -> dict[str, Tensor]:
    return {f"{prefix}.{name}": torch.as_tensor(value) for name, value in tensors.items()}
