"""Extract features of images in one pass.

Keep activations that would need another pass.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import local
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.backbone import pooled
from autotl.modalities import noun_of
from autotl.progress import report_progress
from autotl.progress.timeline import spent_on
from autotl.training import AdaptiveForward, forward_in_batches

TORCH_INTEGER_DTYPES = {2: torch.int16, 4: torch.int32}
"""Integers by bytes per number. NumPy has no bfloat16, so that activations are stored as integers."""


@dataclass(slots=True)
class Prefill:
    """Arrays that receive activations while features are extracted.

    ``arrays`` (n, …) are named by the modules whose outputs they receive, as the bits of ``dtype`` numbers,
    channels last. ``written`` counts the images in them.
    """

    arrays: Mapping[str, NDArray[Any]]
    dtype: torch.dtype
    written: int = 0

    def write(self, rows: slice, values: Tensor) -> None:
        """Write concatenated outputs (rows, numbers) if the dtype holds them."""
        converted = values.to(self.dtype)
        if not converted.isfinite().all():
            return
        start = 0
        for array in self.arrays.values():
            end = start + math.prod(array.shape[1:])
            bits = converted[:, start:end].contiguous().view(TORCH_INTEGER_DTYPES[self.dtype.itemsize])
            array[rows] = bits.numpy().reshape(array[rows].shape)
            start = end
        self.written += len(converted)


@spent_on("forward")
def extract_features(
    model: nn.Module,
    batches: Iterable[tuple[slice, Tensor]],
    out: NDArray[Any],
    *,
    to_batch: Callable[[Tensor], Tensor],
    device: str,
    batch: int,
    prefill: Prefill | None = None,
    check_cancelled: Callable[[], None],
) -> None:
    """Write pooled features into ``out``, and other modules' outputs into ``prefill``.

    Args:
        model: The network, in eval mode.
        batches: Rows and their images, uint8 (batch, 3, h, w).
        out: Receives the features, (n, features).
        to_batch: Scales a batch of images on the device.
        device: Runs the network.
        batch: Images per forward pass.
        prefill: Arrays for the outputs of other modules; None for features alone.
        check_cancelled: Called before each batch; may raise to end the work.
    """
    step = _step(model)
    with forward_with_activations(model, () if prefill is None else prefill.arrays) as forward:
        run = AdaptiveForward(forward, model, rows=len(out), features=out.shape[1], device=device)
        for rows, pixels in batches:
            check_cancelled()
            started = time.perf_counter()
            found = forward_in_batches(run, pixels, to_batch=to_batch, device=device, batch=batch)
            run.finished(len(pixels), time.perf_counter() - started, partial(_inputs, pixels, to_batch))
            out[rows] = found[:, : out.shape[1]].numpy()
            if prefill is not None:
                prefill.write(rows, found[:, out.shape[1] :])
            report_progress(step, rows.stop, len(out))


def _step(model: nn.Module) -> str:
    """Return the name of the step, with one input of the network."""
    config = getattr(model, "input_config", None)  # timm's models have none
    return f"computing features: {'image' if config is None else noun_of(config)}"


def _inputs(pixels: Tensor, to_batch: Callable[[Tensor], Tensor], count: int) -> Tensor:
    """Return the network's inputs for the first images."""
    with torch.inference_mode():
        return to_batch(pixels[:count])


@contextmanager
def forward_with_activations(
    model: nn.Module, modules: Iterable[str]
) -> Iterator[Callable[[Tensor], Tensor]]:
    """Yield a forward pass that returns features and flattened module outputs."""
    outputs = local()  # passes run in several threads at once

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda module, args, value: setattr(outputs, name, value)

    def forward(x: Tensor) -> Tensor:
        features = pooled(model, x)
        # in the order of the names: a pass may call the modules in another order
        return torch.cat([features, *(channels_last(getattr(outputs, name)).flatten(1) for name in names)], 1)

    names = tuple(modules)
    with ExitStack() as hooks:
        for name in names:
            hooks.callback(model.get_submodule(name).register_forward_hook(keep(name)).remove)
        yield forward


def channels_last(x: Tensor) -> Tensor:
    """Permute feature maps (n, c, h, w) to (n, h, w, c)."""
    return x.permute(0, 2, 3, 1).contiguous() if x.ndim == 4 else x.contiguous()
