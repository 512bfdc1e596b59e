"""What source images look like to a backbone: kept with its weights, built, or read off BatchNorm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.api import Reference
from autotl.backbone.create import REFERENCE_FILE
from autotl.backbone.head import pooled
from autotl.backbone.modes import mode
from autotl.backbone.reference.compact import COMPACT, compress, expand
from autotl.backbone.stages import layout, native_side
from autotl.errors import WeightsError
from autotl.files import atomic_file
from autotl.seeds import derive

SAMPLE = 800
DRAWN = 512


def save_reference(folder: Path, reference: Reference, *, axes: int | None = None) -> None:
    """Write ``reference`` to the folder of the weights, in single precision (the sample in half).

    With ``axes`` it is written in compact form, with the covariance along that many principal axes.
    """
    arrays: dict[str, NDArray[Any]]
    if axes is not None:
        arrays = compress(reference, axes=axes)
    else:
        arrays = {
            "mean": reference.mean.astype(np.float32),
            "cov": np.ascontiguousarray(reference.cov, dtype=np.float32),
            "sample": np.ascontiguousarray(reference.sample, dtype=np.float16),
        }
    told = {"n": str(reference.n), "image_size": str(reference.side)}
    with atomic_file(folder / REFERENCE_FILE, sum(each.nbytes for each in arrays.values())) as temporary:
        save_file(arrays, temporary, told)


def load_reference(folder: Path) -> Reference | None:
    """Return the reference in the folder of the weights, None if there is none.

    Raises WeightsError if the file is damaged.
    """
    file = folder / REFERENCE_FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="np") as stored:
            said = stored.metadata() or {}
            if "axes" in stored.keys():  # noqa: SIM118 - it is no mapping
                mean, cov, sample = expand({name: stored.get_tensor(name) for name in COMPACT})
            else:
                mean, cov, sample = (
                    stored.get_tensor(key).astype(np.float64) for key in ("mean", "cov", "sample")
                )
            n, side = int(said["n"]), int(said["image_size"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise WeightsError(f"{file} is damaged ({error}). Delete it, or write it again.") from error
    d = len(mean)
    if not all(np.isfinite(each).all() for each in (mean, cov, sample)) or n < 0 or side < 1:
        raise WeightsError(
            f"{file} is damaged: it holds values that cannot be. Delete it, or write it again."
        )
    if cov.shape not in {(d,), (d, d)} or sample.ndim != 2 or sample.shape[1] != d:
        raise WeightsError(
            f"{file} holds a mean of {mean.shape}, a covariance of {cov.shape} and a sample of "
            f"{sample.shape}, which do not fit together. Delete it, or write it again."
        )
    return Reference(mean=mean, cov=cov, sample=sample, n=n, side=side, origin="shipped")


def build_reference(features: ArrayLike, *, side: int, seed: int = 0) -> Reference:
    """The reference of 4 or more source images, from their pooled ``features`` (n, d) at ``side`` pixels.

    ``seed`` decides which 800 of them are kept as the sample.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < 4:
        raise ValueError(f"features have the shape {rows.shape}, but at least 4 rows are needed.")
    chosen = np.random.default_rng(derive(seed, "reference")).permutation(len(rows))[:SAMPLE]
    return Reference(
        mean=rows.mean(0),
        cov=np.cov(rows, rowvar=False).reshape(rows.shape[1], rows.shape[1]),
        sample=rows[np.sort(chosen)],
        n=len(rows),
        side=side,
        origin="source images",
    )


def batchnorm_reference(model: nn.Module) -> Reference | None:
    """What the last BatchNorm remembers of the source images, or None for a model without one.

    Its running statistics are those of single positions of its input, not of pooled features: compare them
    with :func:`batchnorm_rows`. They say nothing of correlations, nor of how many images they come from
    (``n`` is 0).
    """
    found = _last_batchnorm(model)
    if found is None or found.running_mean is None or found.running_var is None:
        return None
    mean = found.running_mean.detach().cpu().double().numpy()
    var = found.running_var.detach().cpu().double().numpy()
    drawn = np.random.default_rng(derive(0, "batchnorm")).standard_normal((DRAWN, len(mean)))
    return Reference(
        mean=mean,
        cov=var,
        sample=mean + drawn * np.sqrt(var),
        n=0,
        side=native_side(model),
        origin="batchnorm",
    )


def batchnorm_rows(model: nn.Module, *, seed: int = 0) -> Callable[[Tensor], Tensor]:
    """What gives, for normalised images, the last BatchNorm's input at one random position of each: (rows,
    channels).

    Each image's position depends on ``seed`` and on its place in the batch alone.
    """
    batchnorm = _last_batchnorm(model)
    if batchnorm is None:
        raise ValueError(f"{type(model).__name__} has no BatchNorm with running statistics.")
    return partial(_rows_at, model, batchnorm, seed=seed)


@torch.no_grad()
def _rows_at(model: nn.Module, batchnorm: nn.Module, x: Tensor, *, seed: int) -> Tensor:
    seen: list[Tensor] = []

    def look(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        seen.append(inputs[0].detach())

    hook = batchnorm.register_forward_pre_hook(look)
    try:
        with mode(model, training=False):
            pooled(model, x)
    finally:
        hook.remove()
    maps = seen[-1].flatten(2) if seen[-1].ndim > 2 else seen[-1].unsqueeze(2)  # (rows, channels, positions)
    places = np.random.default_rng(derive(seed, "positions")).random(len(maps)) * maps.shape[2]
    at = torch.from_numpy(places.astype(np.int64)).to(maps.device)
    return maps[torch.arange(len(maps), device=maps.device), :, at].float()


def noise_pixels(n: int, side: int, seed: int) -> Tensor:
    """Images of uniform noise, uint8 (n, 3, side, side): what no source looks like."""
    generator = torch.Generator().manual_seed(derive(seed, "noise", side))
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=generator)


def _last_batchnorm(model: nn.Module) -> _BatchNorm | None:
    """The BatchNorm that starts last in the forward pass, the head's own left out."""
    found: _BatchNorm | None = None
    for name in layout(model).order:
        module = model.get_submodule(name)
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            found = module
    return found
