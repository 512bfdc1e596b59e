"""Classify small pixels linearly: the cheapest baseline, which shows when no network is needed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    VERSION,
    Applies,
    Backbone,
    Beat,
    Cost,
    DataConfig,
    HeadSetting,
    Images,
    LinearProblem,
    Machine,
    Params,
    Score,
    Space,
    Task,
    Weights,
    Workbench,
)
from autotl.clock import NEVER
from autotl.training import DEFAULT_C, head_seconds

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 16
COMPONENTS = 128
"""Principal components of the pixels: 48 lose the detail of traffic signs, and many more add noise."""
C_VALUES = (0.01, 0.1, 1.0)
RIDGE_C_VALUES = (0.1 * DEFAULT_C, DEFAULT_C, 10 * DEFAULT_C)
"""Values of C for numbers, around the default (see ``fit_ridge``)."""
BATCH_SIZE = 4096
"""Images that are normalised together."""
MEAN_STEPS = 60
"""Mean optimiser steps of a fit, for the cost."""
ORIGIN = "principal components of the pixels, nothing learned elsewhere"


class Pixels:
    """Logistic or ridge regression on principal components of the pixels.

    The model is stored as a Vision Transformer without blocks, with one patch for the whole image: a linear
    map followed by a linear classifier.
    """

    name = "pixels"
    summary = "logistic regression on images shrunk to 16 pixels: the cheapest baseline, without a network"
    reference = "Turk & Pentland, Eigenfaces for Recognition, Journal of Cognitive Neuroscience, 1991"
    baseline = True
    api = VERSION
    deterministic = True

    def networks(self, task: Task) -> Sequence[Weights]:
        """See :class:`autotl.api.OwnNetworks`."""
        width = min(COMPONENTS, max(2, task.train_rows // 2))
        return [
            Weights(
                name=f"pixels_{SIDE}",
                timm_name="vit_tiny_patch16_224",
                origin=ORIGIN,
                pretrained=False,
                args={
                    "img_size": SIDE,
                    "patch_size": SIDE,
                    "embed_dim": width,
                    "depth": 0,
                    "num_heads": 1,
                    "class_token": False,
                    "pos_embed": "none",
                    "global_pool": "avg",
                    "final_norm": False,
                },
                config=DataConfig(SIDE, (0.5,) * 3, (0.5,) * 3, "bicubic", 1.0, "center", fixed=True),
            )
        ]

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "a linear classifier of pixels takes seconds")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"C": _c_values(task)[1]}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {"C": space.suggest_categorical("C", _c_values(task))}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = head_seconds(task, backbone, steps=MEAN_STEPS)
        return Cost(seconds, 4 * task.train_rows * 3 * SIDE**2)

    def build(self, params: Params, workbench: Workbench) -> _PixelLearner:
        return _PixelLearner(float(params["C"]), workbench)


class _PixelLearner:
    def __init__(self, c: float, workbench: Workbench) -> None:
        self._c, self._workbench = c, workbench
        self._model: Any = workbench.model(pretrained=False)

    def fit(self) -> Generator[Beat | Score, None, None]:
        import torch  # not needed to list the plugins

        from autotl.backbone import set_head

        workbench = self._workbench
        pixels = workbench.inputs(input_size=SIDE)
        moments = Moments(3 * SIDE**2)
        for batch in _flat_batches(workbench, pixels.train):
            moments.add(batch)
            yield Beat()
        matrix, shift = moments.principal(self._model.num_features)
        components = torch.cat([batch @ matrix.T + shift for batch in _flat_batches(workbench, pixels.train)])
        weight, bias = self._fit_head(components)  # of components (rows, components)
        fill_patch(self._model, matrix, shift)
        set_head(self._model, weight, bias)
        yield workbench.score(self._model, input_size=SIDE)

    def _fit_head(self, components: Tensor) -> tuple[Tensor, Tensor]:
        """Return weight (k, components) and bias (k,) of the linear head."""
        import torch  # not needed to list the plugins

        workbench = self._workbench
        rows = torch.arange(len(components))
        problem = LinearProblem(components, workbench.targets().train, [rows], workbench.weights())
        # the number of steps is bounded; an end by time would give other weights in another run
        heads = workbench.target.fit_linear(
            problem.to(workbench.device),
            [HeadSetting(self._c, standardise=False)],
            check_cancelled=_go_on,
            end=NEVER,
        )
        return heads.weight[0, 0].cpu(), heads.bias[0, 0].cpu()


def _c_values(task: Task) -> tuple[float, ...]:
    """Return the values of C to search; the default is the one in the middle."""
    return RIDGE_C_VALUES if task.target.kind == "regression" else C_VALUES


def _go_on() -> None:
    """Let a fit continue until it converges."""


def _flat_batches(workbench: Workbench, images: Images) -> Iterator[Tensor]:
    """Yield normalised pixels (batch, 3 · 16 · 16) on the CPU."""
    for start in range(0, len(images), BATCH_SIZE):
        yield workbench.to_batch(images[start : start + BATCH_SIZE]).cpu().flatten(1)


class Moments:
    """Sums over pixels (rows, d), for their principal components."""

    def __init__(self, width: int) -> None:
        import torch  # not needed to list the plugins

        self._n = 0
        self._sum = torch.zeros(width, dtype=torch.float64)
        self._products = torch.zeros(width, width, dtype=torch.float64)

    def add(self, pixels: Tensor) -> None:
        """Add some rows."""
        rows = pixels.double()
        self._n += len(rows)
        self._sum += rows.sum(0)
        self._products += rows.T @ rows

    def principal(self, width: int) -> tuple[Tensor, Tensor]:
        """Return principal components, scaled to a mean variance of 1.

        Returns:
            Matrix (width, d) and shift (width,): ``pixels @ matrix.T + shift`` are the components.
        """
        import torch  # not needed to list the plugins

        mean = self._sum / self._n
        variances, directions = torch.linalg.eigh(self._products / self._n - torch.outer(mean, mean))
        scale = variances[-width:].mean().clamp_min(1e-12).rsqrt()
        matrix = directions[:, -width:].T * scale
        return matrix.float(), -(matrix @ mean).float()


def fill_patch(model: nn.Module, matrix: Tensor, shift: Tensor) -> None:
    """Set the patch embedding to ``pixels @ matrix.T + shift``.

    Args:
        model: A Vision Transformer with one patch of d pixels.
        matrix: Weights (width, d).
        shift: Biases (width,).
    """
    import torch  # not needed to list the plugins

    patch: Any = model.get_submodule("patch_embed.proj")
    with torch.no_grad():
        patch.weight.copy_(matrix.view_as(patch.weight))
        patch.bias.copy_(shift)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Pixels()]
