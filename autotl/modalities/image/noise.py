"""Images of noise, which no source resembles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.seeds import derive

if TYPE_CHECKING:
    from torch import Tensor


def noise_images(n: int, input_size: int, seed: int) -> Tensor:
    """Return images of uniform noise, uint8 (n, 3, side, side).

    Args:
        n: The number of images.
        input_size: The image size in pixels.
        seed: The seed.
    """
    import torch  # slow to import, and not needed to read images

    generator = torch.Generator().manual_seed(derive(seed, "noise", input_size))
    return torch.randint(0, 256, (n, 3, input_size, input_size), dtype=torch.uint8, generator=generator)
