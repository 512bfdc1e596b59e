"""Stage features: the outputs of a frozen backbone's stages, averaged over positions."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autotl.data import view_of
from autotl.heads import StageShape, stage_pass, stage_shapes
from autotl.modalities import noun_of
from autotl.progress import report_progress
from autotl.progress.timeline import spent_on
from autotl.training import forward_in_batches
from autotl.workbench.run_cache import RunCache


def stage_features(
    run_cache: RunCache, backbone: str, *, input_size: int, check_cancelled: Callable[[], None]
) -> dict[str, Tensor]:
    """Return each stage's averaged outputs for all training rows.

    All stages come from a single pass. The arrays are kept in the store.

    Args:
        run_cache: The images and networks.
        backbone: The network.
        input_size: Image size in pixels.
        check_cancelled: Called before each batch; may raise to end the work.

    Returns:
        float32 (rows, channels) by the stage's name, in the order of the stages. Stages whose outputs
        cannot be averaged are missing.
    """
    shapes = usable_stages(run_cache, backbone, input_size)
    if not shapes:
        return {}
    axes = {name: shape.axis for name, shape in shapes.items()}

    @spent_on("forward")
    def fill(out: NDArray[Any]) -> None:
        batches = run_cache.images.iter_pixels(backbone, input_size=input_size, margin=False)
        model = run_cache.networks.source(backbone)
        noun = noun_of(run_cache.dataset)
        with stage_pass(model, axes) as forward, closing(batches):
            for rows, pixels in batches:
                check_cancelled()
                out[rows] = forward_in_batches(
                    forward,
                    pixels,
                    to_batch=lambda x: run_cache.to_batch(backbone, x),
                    device=run_cache.device,
                    batch=run_cache.batch_size,
                ).numpy()
                report_progress(f"computing stage features: {noun}", rows.stop, len(out))

    key = {
        "stage features": [*axes.items()],
        "rows": run_cache.rows_digest,
        **_key(run_cache, backbone, input_size),
    }
    shape = len(run_cache.order), sum(shape.width for shape in shapes.values())
    found = torch.from_numpy(run_cache.store.array(key, shape, np.float32, fill))
    ends = [*itertools.accumulate(shape.width for shape in shapes.values())]
    return {name: found[:, end - shapes[name].width : end] for name, end in zip(shapes, ends, strict=True)}


def usable_stages(run_cache: RunCache, backbone: str, input_size: int) -> dict[str, StageShape]:
    """Return the channels of each stage whose outputs can be averaged.

    Args:
        run_cache: The images and networks.
        backbone: The network.
        input_size: Image size in pixels.
    """
    names = [stage.module for stage in run_cache.backbones[backbone].stages]

    def fill(out: NDArray[Any]) -> None:
        blank = run_cache.images.blank(backbone, input_size)
        found = stage_shapes(run_cache.networks.source(backbone), names, run_cache.to_batch(backbone, blank))
        out[:] = [found.get(name, (0, 0)) for name in names]

    key = {"stage shapes": names, **_key(run_cache, backbone, input_size)}
    shapes = run_cache.store.array(key, (len(names), 2), np.int64, fill).tolist()
    return {name: StageShape(*shape) for name, shape in zip(names, shapes, strict=True) if shape[0]}


def _key(run_cache: RunCache, backbone: str, input_size: int) -> dict[str, Any]:
    facts = run_cache.backbones[backbone]
    return {"view": view_of(facts.config, input_size=input_size).key, "weights": facts.digest}
