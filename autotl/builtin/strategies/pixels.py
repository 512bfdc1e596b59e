"""Classify shrunken pixels linearly: the cheapest baseline, which shows when no network is needed."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import (
    Applies,
    Backbone,
    Cost,
    DataConfig,
    Epoch,
    HeadSetting,
    Images,
    Machine,
    Params,
    Space,
    Task,
    Weights,
    Workbench,
)
from autotl.training import head_seconds

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDE = 16
COMPONENTS = 128
"""Principal components of the pixels: 48 lose the detail of traffic signs, and far more hold noise."""
CS = (0.01, 0.1, 1.0)
DEFAULT = 0.1
PART = 4096
"""Images that are normalised together."""
STEPS = 60
"""Steps of the fit, on average, for the cost."""
ORIGIN = "principal components of the pixels, nothing learned elsewhere"


class Pixels:
    """Logistic regression on principal components of the pixels.

    It is delivered as a Vision Transformer with no blocks, whose patch is the whole image: that is a linear
    map, followed by a linear classifier.
    """

    name = "pixels"
    summary = "logistic regression on images shrunk to 16 pixels: the cheapest baseline, without a network"
    reference = "Turk & Pentland, Eigenfaces for Recognition, Journal of Cognitive Neuroscience, 1991"
    baseline = True

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
        return {"C": DEFAULT}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {"C": space.suggest_categorical("C", CS)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = head_seconds(task, backbone, steps=STEPS)
        return Cost(seconds, 4 * task.train_rows * 3 * SIDE**2)

    def build(self, params: Params, bench: Workbench) -> _PixelLearner:
        return _PixelLearner(float(params["C"]), bench)


class _PixelLearner:
    side = SIDE

    def __init__(self, c: float, bench: Workbench) -> None:
        self._c, self._bench = c, bench
        self._model: Any = bench.model(pretrained=False)

    def fit(self) -> Generator[Epoch, None, None]:
        import torch  # only now: a list of plugins does not need it

        from autotl.backbone import set_head
        from autotl.training import fit_heads

        bench = self._bench
        pixels = bench.pixels(side=SIDE)
        moments = Moments(3 * SIDE**2)
        for part in _parts(bench, pixels.train):
            moments.add(part)
            yield Epoch(0)
        matrix, shift = moments.principal(self._model.num_features)
        train, val = (
            torch.cat(
                [torch.empty(0, len(matrix)), *(part @ matrix.T + shift for part in _parts(bench, rows))]
            )
            for rows in (pixels.train, pixels.val)
        )  # (rows, components)
        labels, device = bench.labels().train, bench.device
        found = fit_heads(
            train.to(device),
            labels.to(device),
            classes=len(bench.task.classes),
            settings=[HeadSetting(self._c, standardise=False)],
            folds=[torch.arange(len(train), device=device)],
            weights=None if (known := bench.weights()) is None else known.to(device),
        )
        weight, bias = found.weight[0, 0].cpu(), found.bias[0, 0].cpu()
        fill_patch(self._model, matrix, shift)
        set_head(self._model, weight, bias)
        logits = (val @ weight.T + bias).float()  # (rows, classes)
        yield Epoch(1, bench.score(logits), 1.0, logits)

    def module(self) -> nn.Module:
        model: nn.Module = self._model.eval()
        return model


def _parts(bench: Workbench, images: Images) -> Iterator[Tensor]:
    """Normalised pixels (rows, 3 · 16 · 16) on the CPU, some rows at a time."""
    for start in range(0, len(images), PART):
        yield bench.normalise(images[start : start + PART]).cpu().flatten(1)


class Moments:
    """Sums over pixels (rows, d), from which their principal components are found."""

    def __init__(self, width: int) -> None:
        import torch  # as above

        self._n = 0
        self._sum = torch.zeros(width, dtype=torch.float64)
        self._products = torch.zeros(width, width, dtype=torch.float64)

    def add(self, pixels: Tensor) -> None:
        """Take in some rows."""
        rows = pixels.double()
        self._n += len(rows)
        self._sum += rows.sum(0)
        self._products += rows.T @ rows

    def principal(self, width: int) -> tuple[Tensor, Tensor]:
        """Find the principal components, all scaled by one factor to a mean variance of 1.

        Returns:
            Matrix (width, d) and shift (width,): ``pixels @ matrix.T + shift`` are the components.
        """
        import torch  # as above

        mean = self._sum / self._n
        variances, directions = torch.linalg.eigh(self._products / self._n - torch.outer(mean, mean))
        scale = variances[-width:].mean().clamp_min(1e-12).rsqrt()
        matrix = directions[:, -width:].T * scale
        return matrix.float(), -(matrix @ mean).float()


def fill_patch(model: nn.Module, matrix: Tensor, shift: Tensor) -> None:
    """Let the patch embedding of ``model`` give ``pixels @ matrix.T + shift``."""
    import torch  # as above

    patch: Any = model.get_submodule("patch_embed.proj")
    with torch.no_grad():
        patch.weight.copy_(matrix.view_as(patch.weight))
        patch.bias.copy_(shift)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [Pixels()]
