"""Split batches into microbatches.

This is for speed on a CPU, and for the case that memory runs out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

T = TypeVar("T")

CACHE_PIXELS = 196_608
"""Pixels per microbatch on a CPU, so that a layer's output stays in the cache for the next layer.

On two cores MobileNetV2 takes 4 to 6 ms per image for 12 images of 128 pixels, and 8 ms for 64 images.
Training on a batch of 32 takes 14 to 17 ms per image in three pieces, and 17 to 22 ms in one.
"""
MIN_IMAGES = 4
MAX_IMAGES = 64


def microbatch_size(height: int, width: int, *, device: str, max_images: int = MAX_IMAGES) -> int:
    """Return how many images of this size run fastest together.

    Args:
        height: Height of the images in pixels.
        width: Width of the images in pixels.
        device: Runs the network.
        max_images: Upper limit of the result.
    """
    if not device.startswith("cpu"):
        return max_images
    return max(1, min(max_images, max(MIN_IMAGES, CACHE_PIXELS // max(1, height * width))))


def microbatch_count(batch: Tensor, *, device: str) -> int:
    """Return the fastest number of microbatches for (n, channels, h, w).

    It is 1 for tensors of other shapes.
    """
    if batch.ndim != 4 or not len(batch):
        return 1
    return math.ceil(len(batch) / microbatch_size(*batch.shape[-2:], device=device))


def updates_batch_statistics(model: nn.Module) -> bool:
    """Return whether BatchNorm updates statistics, so that batches cannot be split."""
    return any(isinstance(module, _BatchNorm) and module.training for module in model.modules())


def retry_in_microbatches(
    attempt: Callable[[int], T], pieces: int, *, max_pieces: int, min_pieces: int = 1
) -> tuple[T, int]:
    """Call ``attempt(pieces)``, with twice as many pieces each time memory runs out.

    Gradients are summed over the pieces, so a split batch is still one step of the same size. Only a
    BatchNorm in training mode sees smaller groups.

    Args:
        attempt: Runs the batch in this many pieces.
        pieces: Pieces to start with.
        max_pieces: Most pieces to try; running out of memory with so many raises.
        min_pieces: Pieces to make for other reasons, such as speed.

    Returns:
        The result, and the pieces to start with next time: more than ``pieces`` only if memory ran out.
    """
    trying = max(pieces, min_pieces)
    while True:
        try:
            return attempt(trying), pieces
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or trying >= max_pieces:
                raise
            pieces = trying = min(2 * trying, max_pieces)
        # outside the handler, because its traceback keeps the failed tensors alive
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether the error means that device or host memory ran out."""
    message = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
        phrase in message for phrase in ("out of memory", "can't allocate memory", "not enough memory")
    )
