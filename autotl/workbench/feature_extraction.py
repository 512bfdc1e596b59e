"""Send images through a frozen backbone once, and keep what would otherwise take another pass."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import local
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.backbone import pooled
from autotl.progress import doing
from autotl.training import forward_in_batches

BITS = {2: torch.int16, 4: torch.int32}
"""NumPy knows no bfloat16: numbers of so many bytes are kept as whole numbers of the same bits."""


@dataclass(slots=True)
class Prefill:
    """Arrays (n, …) for the bits of what ``n`` images give behind modules of a network, as numbers of a
    ``kind`` and maps channels last; ``written`` of the images are in them.
    """

    arrays: Mapping[str, NDArray[Any]]
    kind: torch.dtype
    written: int = 0

    def write(self, part: slice, values: Tensor) -> None:
        """Keep (rows, numbers), those of one module after the other; none where one is too large for the
        kind.
        """
        kept = values.to(self.kind)
        if not kept.isfinite().all():
            return
        start = 0
        for array in self.arrays.values():
            end = start + math.prod(array.shape[1:])
            bits = kept[:, start:end].contiguous().view(BITS[self.kind.itemsize])
            array[part] = bits.numpy().reshape(array[part].shape)
            start = end
        self.written += len(kept)


def extract_features(
    model: nn.Module,
    parts: Iterable[tuple[slice, Tensor]],
    out: NDArray[Any],
    *,
    normalise: Callable[[Tensor], Tensor],
    device: str,
    batch: int,
    beside: Prefill | None = None,
    pulse: Callable[[], None],
) -> None:
    """Write the pooled features (n, features) of uint8 images into ``out``, and what they give on the way
    ``beside`` it. ``pulse`` is called before each part, and may raise.
    """
    with watched(model, () if beside is None else beside.arrays) as run:
        for part, pixels in parts:
            pulse()
            found = forward_in_batches(run, pixels, normalise=normalise, device=device, batch=batch)
            out[part] = found[:, : out.shape[1]].numpy()
            if beside is not None:
                beside.write(part, found[:, out.shape[1] :])
            doing("computing features: image", part.stop, len(out))


@contextmanager
def watched(model: nn.Module, modules: Iterable[str]) -> Iterator[Callable[[Tensor], Tensor]]:
    """A pass that gives the pooled features of normalised images and, flattened behind them, what the
    modules give.
    """
    given = local()  # passes run in several threads at once

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda module, args, value: setattr(given, name, value)

    def run(x: Tensor) -> Tensor:
        features = pooled(model, x)
        # in the order asked for: one pass may call its modules in another
        return torch.cat([features, *(channels_last(getattr(given, name)).flatten(1) for name in names)], 1)

    names = tuple(modules)
    with ExitStack() as hooks:
        for name in names:
            hooks.callback(model.get_submodule(name).register_forward_hook(keep(name)).remove)
        yield run


def channels_last(x: Tensor) -> Tensor:
    """Maps (n, c, h, w) as (n, h, w, c), the order convolutions are fastest in; anything else as it is."""
    return x.permute(0, 2, 3, 1).contiguous() if x.ndim == 4 else x.contiguous()
