"""Store, load and build the statistics of source images for a backbone."""

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
from autotl.backbone.forward_pass import native_size
from autotl.backbone.head import pooled
from autotl.backbone.modes import temporary_mode
from autotl.backbone.reference.compact import COMPACT, compress, expand
from autotl.backbone.stages import layout
from autotl.errors import WeightsError
from autotl.files import atomic_file
from autotl.seeds import derive

SAMPLE_SIZE = 800
MIN_IMAGES = 4
BATCHNORM_SAMPLE_SIZE = 512


def save_reference(folder: Path, reference: Reference, *, axes: int | None = None) -> None:
    """Write a reference to the folder of the weights.

    Args:
        folder: The folder of the weights.
        reference: The reference; it is stored as float32, and its sample as float16.
        axes: The number of principal axes of a compact reference; None for the whole covariance.
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
    metadata = {"n": str(reference.n), "image_size": str(reference.input_size)}
    size = sum(array.nbytes for array in arrays.values())
    with atomic_file(folder / REFERENCE_FILE, size) as temporary:
        save_file(arrays, temporary, metadata)


def load_reference(folder: Path) -> Reference | None:
    """Return the reference beside the weights, or None.

    Raises:
        WeightsError: The file is damaged.
    """
    file = folder / REFERENCE_FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, framework="np") as stored:
            metadata = stored.metadata() or {}
            if "axes" in stored.keys():  # noqa: SIM118 - it is no mapping
                mean, cov, sample = expand({name: stored.get_tensor(name) for name in COMPACT})
            else:
                mean, cov, sample = (
                    stored.get_tensor(key).astype(np.float64) for key in ("mean", "cov", "sample")
                )
            n, input_size = int(metadata["n"]), int(metadata["image_size"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise WeightsError(f"{file} is damaged ({error}). Delete it, or write it again.") from error
    d = len(mean)
    if not all(np.isfinite(array).all() for array in (mean, cov, sample)) or n < 0 or input_size < 1:
        raise WeightsError(f"{file} is damaged: it holds invalid values. Delete it, or write it again.")
    if cov.shape not in {(d,), (d, d)} or sample.ndim != 2 or sample.shape[1] != d:
        raise WeightsError(
            f"The arrays of {file} must fit together (got a mean of {mean.shape}, a covariance of "
            f"{cov.shape} and a sample of {sample.shape}). Delete it, or write it again."
        )
    return Reference(mean=mean, cov=cov, sample=sample, n=n, input_size=input_size, origin="shipped")


def build_reference(features: ArrayLike, *, input_size: int, seed: int = 0) -> Reference:
    """Build a reference from the features of source images.

    Args:
        features: Pooled features of 4 or more images, (n, d).
        input_size: The image size in pixels.
        seed: The seed by which 800 images are kept as the sample.

    Raises:
        ValueError: There are fewer than 4 images.
    """
    rows = np.asarray(features, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < MIN_IMAGES:
        raise ValueError(f"features must have {MIN_IMAGES} rows or more (got the shape {rows.shape}).")
    chosen = np.random.default_rng(derive(seed, "reference")).permutation(len(rows))[:SAMPLE_SIZE]
    return Reference(
        mean=rows.mean(0),
        cov=np.cov(rows, rowvar=False).reshape(rows.shape[1], rows.shape[1]),
        sample=rows[np.sort(chosen)],
        n=len(rows),
        input_size=input_size,
        origin="source images",
    )


def batchnorm_reference(model: nn.Module) -> Reference | None:
    """Return the running statistics of the last BatchNorm, or None.

    The statistics are those of single positions of its input, not of pooled features: compare them with
    :func:`batchnorm_inputs`. They state no correlations, and the number of images is unknown (``n`` is 0).
    """
    batchnorm = _last_batchnorm(model)
    if batchnorm is None or batchnorm.running_mean is None or batchnorm.running_var is None:
        return None
    mean = batchnorm.running_mean.detach().cpu().double().numpy()
    var = batchnorm.running_var.detach().cpu().double().numpy()
    rng = np.random.default_rng(derive(0, "batchnorm"))
    noise = rng.standard_normal((BATCHNORM_SAMPLE_SIZE, len(mean)))
    return Reference(
        mean=mean,
        cov=var,
        sample=mean + noise * np.sqrt(var),
        n=0,
        input_size=native_size(model),
        origin="batchnorm",
    )


def batchnorm_inputs(model: nn.Module, *, seed: int = 0) -> Callable[[Tensor], Tensor]:
    """Return a function to inputs of the last BatchNorm.

    It takes normalised images and returns (rows, channels). A random position of each image is used. It
    depends only on the seed and on the row in the batch.

    Raises:
        ValueError: The model has no BatchNorm with running statistics.
    """
    batchnorm = _last_batchnorm(model)
    if batchnorm is None:
        raise ValueError(f"{type(model).__name__} must have a BatchNorm with running statistics.")
    return partial(_inputs_at_positions, model, batchnorm, seed=seed)


@torch.no_grad()
def _inputs_at_positions(model: nn.Module, batchnorm: nn.Module, x: Tensor, *, seed: int) -> Tensor:
    recorded: list[Tensor] = []

    def record(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        recorded.append(inputs[0].detach())

    hook = batchnorm.register_forward_pre_hook(record)
    try:
        with temporary_mode(model, training=False):
            pooled(model, x)
    finally:
        hook.remove()
    last = recorded[-1]
    maps = last.flatten(2) if last.ndim > 2 else last.unsqueeze(2)  # (rows, channels, positions)
    positions = np.random.default_rng(derive(seed, "positions")).random(len(maps)) * maps.shape[2]
    chosen = torch.from_numpy(positions.astype(np.int64)).to(maps.device)
    return maps[torch.arange(len(maps), device=maps.device), :, chosen].float()


def _last_batchnorm(model: nn.Module) -> _BatchNorm | None:
    """Return the BatchNorm that starts last, outside the head."""
    found: _BatchNorm | None = None
    for name in layout(model).order:
        module = model.get_submodule(name)
        if isinstance(module, _BatchNorm) and module.track_running_stats:
            found = module
    return found
