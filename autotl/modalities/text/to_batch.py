"""Move token numbers to the device of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Tokens:
    """Converts int32 token numbers (n, tokens) to int64 on the device."""

    device: str

    def __call__(self, encoded: Tensor) -> Tensor:
        return encoded.to(self.device).long()

    def on_device(self, device: str) -> Tokens:
        """Return the same conversion for another device."""
        return Tokens(device)
